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
  // The loop is watched only a little after the start; it is held from then on.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const until = performance.now() + heldMs;
  while (performance.now() < until);
  while (sample(metrics.text(), "compute_ctl_event_loop_lag_seconds_count") === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const seen = sample(metrics.text(), "compute_ctl_event_loop_lag_seconds_sum") ?? 0;
  assert.ok(seen >= (heldMs - 30) / 1000, `saw ${seen} s of ${heldMs} ms`);
  assert.ok((sample(metrics.text(), "compute_ctl_process_cpu_seconds_total") ?? 0) > cpuBefore);
});
