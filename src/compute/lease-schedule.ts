/** How long before its end a lease is renewed at the latest (LSN-7). */
const marginMs = 60_000;
/** A local clock that is ahead by the lease's length must not make a loop without pause (Trap 3). */
const pauseMsMin = 1_000;
/** More does not fit into a timer for long, and no lease is worth trusting for longer. */
const pauseMsMax = 86_400_000;

const retryFirstMs = 500;
const retryFactor = 1.5;
const retryMsMax = 60_000;

/** How long to wait with the renewal of a lease that ends in `remainingMs` (LSN-7), in milliseconds. */
export function renewalPauseMs(remainingMs: number): number {
  const left = Math.max(remainingMs, 0);
  return Math.min(Math.max(left - marginMs, left / 2, pauseMsMin), pauseMsMax);
}

/** How long to wait after a round that failed (LSN-6), in milliseconds. @param failures rounds that failed before it, in a row */
export function retryPauseMs(failures: number): number {
  return Math.min(retryFirstMs * retryFactor ** failures, retryMsMax);
}
