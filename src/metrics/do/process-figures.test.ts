import assert from "node:assert/strict";
import { it } from "node:test";
import { createMetrics } from "../registry.ts";
import { watchProcess } from "./process-figures.ts";

/** The value of a sample without labels; undefined while it is not there. */
function sample(text: string, name: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.split(" ")[1]);
}

it("MET-18: takes memory and processor time at once, and the loop's longest wait every second", async (t) => {
  const metrics = createMetrics("latest");
  const heldMs = 60;
  const stop = watchProcess(metrics);
  t.after(stop);
  assert.ok((sample(metrics.text(), "compute_ctl_process_resident_memory_bytes") ?? 0) > 1e6);
  const cpuBefore = sample(metrics.text(), "compute_ctl_process_cpu_seconds_total") ?? 0;
  assert.ok(cpuBefore > 0);
  assert.equal(sample(metrics.text(), "compute_ctl_event_loop_lag_seconds_count"), undefined);
  // The loop is watched only a little after the start. It is held all the time, so that a look cannot miss it; the first may
  // come before there was anything to see.
  const seenSeconds = (): number => sample(metrics.text(), "compute_ctl_event_loop_lag_seconds_sum") ?? 0;
  const looks = (): number => sample(metrics.text(), "compute_ctl_event_loop_lag_seconds_count") ?? 0;
  while (looks() < 3 && seenSeconds() === 0) {
    const until = performance.now() + heldMs;
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(seenSeconds() >= (heldMs - 30) / 1000, `saw ${seenSeconds()} s of ${heldMs} ms`);
  assert.ok((sample(metrics.text(), "compute_ctl_process_cpu_seconds_total") ?? 0) > cpuBefore);
});
