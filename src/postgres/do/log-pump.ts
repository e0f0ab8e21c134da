import type { Readable } from "node:stream";
import { createLogJoiner } from "../log-joiner.ts";

/**
 * Joins what comes out of `stderr` into records (LIFE-87) and hands them on, those of one chunk together. Ends with the
 * stream.
 */
export function pumpLog(stderr: Readable, onRecords: (records: readonly string[]) => void): void {
  const joiner = createLogJoiner();
  let timer: NodeJS.Timeout | undefined;

  const handOn = (records: readonly string[]): void => {
    if (records.length > 0) onRecords(records);
  };
  const arm = (): void => {
    const dueAtMs = joiner.dueAtMs();
    if (timer !== undefined || dueAtMs === undefined) return;
    timer = setTimeout(onGap, Math.ceil(dueAtMs - performance.now()));
  };
  const onGap = (): void => {
    // Lines that came while the program was busy are read first: a delay of our own is no gap in the log.
    setImmediate(() => {
      timer = undefined;
      handOn(joiner.tick(performance.now()));
      arm();
    });
  };

  stderr.on("data", (chunk: Buffer) => {
    handOn(joiner.push(chunk, performance.now()));
    arm();
  });
  // A stream that is destroyed closes without an end. A second flush finds nothing.
  const finish = (): void => {
    clearTimeout(timer);
    handOn(joiner.flush());
  };
  stderr.once("end", finish).once("close", finish);
  // A broken pipe ends the log, not this program; "close" follows.
  stderr.on("error", () => {});
}
