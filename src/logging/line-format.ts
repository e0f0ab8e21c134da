import type { Fields } from "../base/log.ts";
import { formatLine, formatTime, type LogEvent, type Span } from "./line.ts";

/** How lines look: for people, as the original's do (LIFE-81), or one JSON object each. */
export type LogFormat = "text" | "json";

/** The line of an event, with its `\n`, in the given format. */
export const lineFormatters: Readonly<Record<LogFormat, (event: LogEvent) => string>> = {
  text: formatLine,
  json: formatJsonLine,
};

/**
 * An event as an object on one line: `timestamp`, `level`, `source`, `message`, `spans` from the root (`name`, `fields`) and
 * `fields`. Numbers beyond what JSON readers take for exact become strings.
 */
function formatJsonLine({ timeMicros, level, spans, message, fields }: LogEvent): string {
  const line = {
    timestamp: formatTime(timeMicros),
    level: level.toUpperCase(),
    source: "compute_ctl",
    message,
    spans: spans.map((span: Span) => ({ name: span.name, fields: jsonFields(span.fields) })),
    fields: jsonFields(fields),
  };
  return `${JSON.stringify(line)}\n`;
}

function jsonFields(fields: Fields): Fields {
  const entries = Object.entries(fields);
  if (!entries.some(([, value]) => typeof value === "bigint")) return fields;
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === "bigint" ? jsonInteger(value) : value]),
  );
}

function jsonInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
