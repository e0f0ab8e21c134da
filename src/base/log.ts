/** Values that go behind a log message as `key=value`; undefined ones are left out. */
export type Fields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/**
 * Where a room writes what it does. Lines carry the spans they were written in (LIFE-81); a child made by {@link span}
 * writes inside one more. Secrets must never be handed to it.
 */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  span(name: string, fields?: Fields): Log;
}
