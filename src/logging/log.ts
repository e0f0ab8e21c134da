import type { Clock } from "../base/clock.ts";
import type { Fields, Log } from "../base/log.ts";
import { type LogFilter, passes } from "./filter.ts";
import { formatLine, type LogLevel, type Span } from "./line.ts";
import { createWallMicros } from "./wall-micros.ts";

/** Makes the log of this program (LIFE-80, LIFE-81): each line that passes `filter` is one call of `write`. */
export function createLog(sink: {
  readonly write: (text: string) => void;
  readonly filter: LogFilter;
  readonly clock: Clock;
}): Log {
  const wallMicros = createWallMicros(sink.clock);
  const inSpans = (spans: readonly Span[]): Log => {
    const at =
      (level: LogLevel) =>
      (message: string, fields: Fields = {}): void => {
        if (!passes(level, sink.filter)) return;
        sink.write(formatLine({ timeMicros: wallMicros(), level, spans, message, fields }));
      };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      span: (name, fields = {}) => inSpans([...spans, { name, fields }]),
    };
  };
  return inSpans([]);
}
