import type { Clock } from "../base/clock.ts";
import { maskSecrets, mayHoldSecret } from "../base/mask-secrets.ts";
import { formatTime, type LogLevel } from "./line.ts";
import type { LogFormat } from "./line-format.ts";
import { createWallMicros } from "./wall-micros.ts";

/** Stands where the lines of one record were (LIFE-87). */
const lineBreak = "\u200b";
/** How far into a record its severity is looked for: what `log_line_prefix` puts before it is short. */
const prefixLengthMax = 512;
const severity =
  /\b(DEBUG[1-5]|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION): {2}/;

/**
 * Makes the writer for records of Postgres's log, which have no filter (LIFE-87). The records of one chunk make one text, so
 * that they cost one write. What looks like a secret is hidden.
 */
export function createPostgresLog(sink: {
  readonly write: (text: string) => void;
  readonly clock: Clock;
  readonly format: LogFormat;
}): (records: readonly string[]) => void {
  const wallMicros = createWallMicros(sink.clock);
  if (sink.format === "text") return (records) => sink.write(postgresRecords(records));
  return (records) => sink.write(postgresJsonRecords(records, wallMicros()));
}

/** Records as text: each as `PG:<record>` and a line break, without a level (LIFE-87). */
export function postgresRecords(records: readonly string[]): string {
  return withoutSecrets(records)
    .map((record) => `PG:${record}\n`)
    .join("");
}

/**
 * Records as JSON: one object per line with the time of arrival, the severity as Postgres wrote it (null when there is none
 * to be seen), the level that it amounts to, and the record with its line breaks.
 */
export function postgresJsonRecords(records: readonly string[], timeMicros: number): string {
  const timestamp = formatTime(timeMicros);
  const line = (record: string): string => {
    const found = severity.exec(record.slice(0, prefixLengthMax))?.[1] ?? null;
    const message = record.replaceAll(lineBreak, "\n");
    const level = levelOf(found).toUpperCase();
    return `${JSON.stringify({ timestamp, level, source: "postgres", severity: found, message })}\n`;
  };
  return withoutSecrets(records).map(line).join("");
}

function withoutSecrets(records: readonly string[]): readonly string[] {
  return records.some(mayHoldSecret) ? records.map(maskSecrets) : records;
}

function levelOf(found: string | null): LogLevel {
  if (found === "ERROR" || found === "FATAL" || found === "PANIC") return "error";
  if (found === "WARNING") return "warn";
  return found?.startsWith("DEBUG") ? "debug" : "info";
}
