/** For how long Postgres has not answered; all in milliseconds of a monotonic clock (trap 5). */
export interface Downtime {
  /** The last success, or the moment from which on Postgres was expected to answer. */
  readonly lastUpMs: number;
  /** Up to where the total has been counted. */
  readonly countedUntilMs: number;
  /** Since the last success; 0 while Postgres answers. */
  readonly currentMs: number;
  /** All outages together, each from the last success before it to the first one after it. */
  readonly totalMs: number;
}

/** Postgres answers, for all that is known, from now on. A total that was counted before stays (MON-14). */
export function expectUp(nowMs: number, totalMs = 0): Downtime {
  return Object.freeze({ lastUpMs: nowMs, countedUntilMs: nowMs, currentMs: 0, totalMs });
}

/** A check succeeded. The rest of an outage, up to this moment, counts as well. */
export function reportUp(downtime: Downtime, nowMs: number): Downtime {
  const { currentMs, totalMs } = downtime;
  return expectUp(nowMs, currentMs === 0 ? totalMs : totalMs + sinceCounted(downtime, nowMs));
}

/** A connection could not be made, broke, or a check failed. */
export function reportDown(downtime: Downtime, nowMs: number): Downtime {
  return Object.freeze({
    lastUpMs: downtime.lastUpMs,
    countedUntilMs: nowMs,
    currentMs: nowMs - downtime.lastUpMs,
    totalMs: downtime.totalMs + sinceCounted(downtime, nowMs),
  });
}

function sinceCounted({ countedUntilMs }: Downtime, nowMs: number): number {
  return nowMs - countedUntilMs;
}

const pauseMs = { least: 500, most: 2_000 } as const;

/** The pause before the next check: half a second (MON-6), up to two while Postgres does not answer. */
export function nextPauseMs(failuresInARow: number): number {
  return Math.min(pauseMs.least * 2 ** Math.max(0, failuresInARow - 1), pauseMs.most);
}

/** For log lines (MON-7). */
export function describeDowntime({ totalMs, currentMs, lastUpMs }: Downtime, at: (ms: number) => Date): string {
  const whole = { total_ms: Math.floor(totalMs), current_ms: Math.floor(currentMs), last_up: at(lastUpMs) };
  return `downtime_info=${JSON.stringify(whole)}`;
}
