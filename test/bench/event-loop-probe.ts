/*
 * Loaded into the program that is measured, by `--import`: watches its event loop from one SIGUSR2 to the next, then writes
 * the longest time in which it did nothing else but one thing, in milliseconds, into the file that the environment names.
 */
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const file = process.env["BENCH_EVENT_LOOP_FILE"];
/** How often it looks; the timer's own period is a part of what it measures. */
const resolution = 1;
const histogram = monitorEventLoopDelay({ resolution });
let watching = false;

if (file !== undefined) {
  process.on("SIGUSR2", () => {
    watching = !watching;
    if (watching) histogram.enable();
    else {
      histogram.disable();
      writeFileSync(file, String(Math.max(0, histogram.max / 1e6 - resolution)));
      process.stderr.write("event loop measured\n");
    }
  });
}
