import type { Writable } from "node:stream";
import type { Clock } from "../base/clock.ts";
import { type LogFormat, lineFormatters } from "./line-format.ts";
import { createWallMicros } from "./wall-micros.ts";

/** Where all log text goes in the end. */
export interface StderrSink {
  /** Queues the text; never blocks, never throws. */
  write(text: string): void;
  /** Resolves when everything queued has left, or after `limitMs`: exiting does not flush a pipe (T-25). */
  flush(limitMs: number): Promise<void>;
}

/** How much may wait for a slow reader. */
const queuedBytesMax = 16 * 1024 * 1024;

/**
 * Makes the sink over `process.stderr`, which Node writes to without blocking when it is a pipe or a socket. When the reader
 * falls behind by 16 MiB, text is dropped until it has caught up; then a line tells how many lines are missing. When
 * the reader is gone all text is dropped: a broken pipe must not end Postgres.
 */
export function createStderrSink(
  stderr: Writable,
  clock: Clock,
  options: { readonly queuedBytesMax?: number; readonly format?: LogFormat } = {},
): StderrSink {
  const limit = options.queuedBytesMax ?? queuedBytesMax;
  const format = lineFormatters[options.format ?? "text"];
  const wallMicros = createWallMicros(clock);
  let linesLost = 0;

  stderr.on("error", () => {});

  const reportLoss = (): void => {
    if (linesLost === 0 || stderr.writableLength > 0 || !stderr.writable) return;
    const message = "log lines were lost because stderr was read too slowly";
    const fields = { lines: linesLost };
    linesLost = 0;
    stderr.write(format({ timeMicros: wallMicros(), level: "warn", spans: [], message, fields }));
  };

  return {
    write(text) {
      const bytes = Buffer.from(text);
      const queued = stderr.writableLength;
      // Once behind, all is dropped until the queue is empty: one gap is easier to understand than many.
      if (queued > 0 && (linesLost > 0 || queued + bytes.length > limit)) {
        linesLost += text.split("\n").length - 1;
        return;
      }
      if (stderr.writable) stderr.write(bytes, reportLoss);
    },
    async flush(limitMs) {
      if (!stderr.writable) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, limitMs);
      stderr.write("", () => resolve());
      await promise;
      clearTimeout(timer);
    },
  };
}
