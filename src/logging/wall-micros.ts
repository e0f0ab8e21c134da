import type { Clock } from "../base/clock.ts";

/** How far the two clocks may drift apart before the wall clock, which somebody set, is followed. */
const driftMillisMax = 5;

/**
 * Makes a function that tells the microseconds since 1970: the wall clock has only milliseconds, so the monotonic one tells
 * what has passed since the two were last compared.
 */
export function createWallMicros(clock: Clock): () => number {
  let wallMs = clock.now().getTime();
  let monotonicMs = clock.monotonicMs();
  return () => {
    const nowMs = clock.now().getTime();
    const nowMonotonicMs = clock.monotonicMs();
    const millis = wallMs + nowMonotonicMs - monotonicMs;
    if (Math.abs(millis - nowMs) <= driftMillisMax) return Math.floor(millis * 1000);
    wallMs = nowMs;
    monotonicMs = nowMonotonicMs;
    return nowMs * 1000;
  };
}
