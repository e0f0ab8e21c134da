import type { Log } from "../../src/base/log.ts";

/** A log, and the lines that it was given. */
export interface RecordingLog {
  readonly log: Log;
  readonly lines: readonly string[];
}

/** A log that keeps every line, with its level and its fields. */
export function createRecordingLog(): RecordingLog {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (message: string, fields: object = {}): void => {
      lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    };
  const log: Log = {
    debug: write("DEBUG"),
    info: write("INFO"),
    warn: write("WARN"),
    error: write("ERROR"),
    span: () => log,
  };
  return { log, lines };
}
