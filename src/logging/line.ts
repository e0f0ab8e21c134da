import type { Fields } from "../base/log.ts";

/** The weight of a log line, the lightest first. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** A part of the work that a line was written in. */
export interface Span {
  readonly name: string;
  readonly fields: Fields;
}

/** What one log line tells. */
export interface LogEvent {
  /** Microseconds since 1970. */
  readonly timeMicros: number;
  readonly level: LogLevel;
  /** From the root to the innermost. */
  readonly spans: readonly Span[];
  readonly message: string;
  readonly fields: Fields;
}

/**
 * The text of a line with its `\n` (LIFE-81): `<timestamp> <level> <spans>: <message> <key>=<value>…`. Values are bare where
 * they can be told apart, else in quotes. Line breaks in the message stay.
 */
export function formatLine({ timeMicros, level, spans, message, fields }: LogEvent): string {
  const where = spans.length === 0 ? "" : `${spans.map(formatSpan).join(":")}: `;
  return `${formatTime(timeMicros)} ${level.toUpperCase().padStart(5)} ${where}${formatText(message, fields)}\n`;
}

/** A message with its fields behind it, as far as they have values. */
export function formatText(message: string, fields: Fields): string {
  return [message, ...formatFields(fields)].join(" ");
}

/** Microseconds since 1970 as UTC in the form of RFC 3339, with all six digits. */
export function formatTime(micros: number): string {
  const millis = Math.floor(micros / 1000);
  const rest = String(micros - millis * 1000).padStart(3, "0");
  return `${new Date(millis).toISOString().slice(0, -1)}${rest}Z`;
}

function formatSpan({ name, fields }: Span): string {
  const parts = formatFields(fields);
  return parts.length === 0 ? name : `${name}{${parts.join(" ")}}`;
}

function formatFields(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : `${key}=${formatValue(value)}`));
}

function formatValue(value: string | number | bigint | boolean): string {
  if (typeof value !== "string") return String(value);
  return /^[^\s"={}\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
}
