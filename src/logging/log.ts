import type { Clock } from "../base/clock.ts";
import type { Fields, Log } from "../base/log.ts";
import { maskSecrets, mayHoldSecret, namesSecret } from "../base/mask-secrets.ts";
import type { SpanAttributes, Span as TraceSpan } from "../base/tracer.ts";
import { type LogFilter, passes, type Threshold } from "./filter.ts";
import type { LogEvent, LogLevel, Span } from "./line.ts";
import { type LogFormat, lineFormatters } from "./line-format.ts";
import { createWallMicros } from "./wall-micros.ts";

/** The log outside all spans. */
export interface RootLog extends Log {
  /** The same log, whose lines also become events of a trace's span (LIFE-84). */
  traced(span: TraceSpan): Log;
}

/**
 * Makes the log of this program (LIFE-80, LIFE-81): each line that passes `filter` is one call of `write`. What looks like a
 * secret is hidden.
 */
export function createLog(sink: {
  readonly write: (text: string) => void;
  readonly filter: LogFilter;
  readonly clock: Clock;
  readonly format?: LogFormat;
  /** Gets what each written line tells. */
  readonly onEvent?: (event: LogEvent) => void;
}): RootLog {
  const wallMicros = createWallMicros(sink.clock);
  const format = lineFormatters[sink.format ?? "text"];

  /** Writes the line and returns what it tells. */
  const emit = (event: LogEvent): LogEvent => {
    const line = format(event);
    const told = mayHoldSecret(line) ? maskEvent(event) : event;
    sink.write(told === event ? line : format(told));
    sink.onEvent?.(told);
    return told;
  };

  const inSpans = (spans: readonly Span[], threshold: Threshold, traceSpan: TraceSpan | undefined): Log => {
    const at = (level: LogLevel): Log["info"] => {
      if (!passes(level, threshold)) return () => {};
      return (message, fields = {}) => {
        const told = emit({ timeMicros: wallMicros(), level, spans, message, fields });
        traceSpan?.event(told.message, { level, ...attributes(told.fields) });
      };
    };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      span: (name, fields = {}) =>
        inSpans([...spans, { name, fields }], sink.filter.inSpan.get(name) ?? threshold, traceSpan),
    };
  };

  const root = (traceSpan: TraceSpan | undefined): Log => inSpans([], sink.filter.everywhere, traceSpan);
  return { ...root(undefined), traced: root };
}

function maskEvent(event: LogEvent): LogEvent {
  return {
    ...event,
    spans: event.spans.map(({ name, fields }) => ({ name, fields: maskFields(fields) })),
    message: maskSecrets(event.message),
    fields: maskFields(event.fields),
  };
}

function maskFields(fields: Fields): Fields {
  const mask = (key: string, value: Fields[string]): Fields[string] => {
    if (typeof value !== "string") return value;
    return namesSecret(key) ? "[hidden]" : maskSecrets(value);
  };
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, mask(key, value)]));
}

function attributes(fields: Fields): SpanAttributes {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]): [string, string | number | boolean][] => {
      if (value === undefined) return [];
      return [[key, typeof value === "bigint" ? String(value) : value]];
    }),
  );
}
