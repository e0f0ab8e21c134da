import { averageOf } from "./memory-history.ts";
import { downscaleHeadroomBytes, inMib, thresholdBytes, usableBytes } from "./sizes.ts";
import type { MemoryWatch } from "./watch.ts";

/** A sample older than this says nothing about now. */
const staleMs = 5_000;

/** What becomes of a request to shrink (VM-15). */
export type DownscaleVerdict =
  | { readonly kind: "approved"; readonly text: string }
  | { readonly kind: "refused"; readonly text: string }
  /** It cannot be told: the cgroup has not been readable for too long. */
  | { readonly kind: "unknown"; readonly text: string };

/**
 * Whether Postgres would get on with `memBytes`, as far as the cgroup can tell (VM-15 steps 1 to 4).
 * @param watch null when no cgroup is watched: then there is nothing to object
 */
export function judgeDownscale(watch: MemoryWatch | null, memBytes: number, atMs: number): DownscaleVerdict {
  if (watch === null) return { kind: "approved", text: "no cgroup is watched" };
  const { history } = watch;
  const ageMs = atMs - history.asOfMs;
  if (ageMs > staleMs) {
    return { kind: "unknown", text: `the memory use was last read ${Math.round(ageMs)} ms ago, which is too long` };
  }
  const average = averageOf(history);
  if (average === null || history.bytes.length <= 1) {
    return { kind: "refused", text: `too few samples of the memory use so far: ${history.bytes.length}` };
  }
  const limit = thresholdBytes(usableBytes(memBytes));
  const figures = `average ${inMib(average)} + ${inMib(downscaleHeadroomBytes)} against a threshold of ${inMib(limit)}`;
  if (limit < average + downscaleHeadroomBytes) {
    return { kind: "refused", text: `${figures} at ${inMib(memBytes)}: too little would be left` };
  }
  return { kind: "approved", text: figures };
}
