/*
 * Plays the cases of `npm run fuzz`, and keeps a note of the one it is at, by which the main thread sees that it hangs.
 */
import { parentPort, workerData } from "node:worker_threads";
import { casesPerTarget, playCase } from "./fuzz.ts";
import { fuzzTargets } from "./targets.ts";

/** What the main thread hands over: `note` has the number of the target and of the case. */
export interface FuzzOrder {
  readonly seed: number;
  readonly count: number;
  readonly note: Int32Array;
}

const { seed, count, note }: FuzzOrder = workerData;
for (const [index, [target, cases]] of casesPerTarget(fuzzTargets, count).entries()) {
  const startedMs = performance.now();
  Atomics.store(note, 0, index);
  for (let number = 0; number < cases; number += 1) {
    Atomics.store(note, 1, number);
    const violation = await playCase(target, seed, number);
    if (violation !== undefined) parentPort?.postMessage({ kind: "violation", violation });
  }
  parentPort?.postMessage({ kind: "done", target: target.name, cases, ms: performance.now() - startedMs });
}
