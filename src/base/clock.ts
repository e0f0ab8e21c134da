/** The two clocks of a process: the wall's for people, the monotonic one for durations. */
export interface Clock {
  /** The wall clock. */
  now(): Date;
  /** Milliseconds, with fraction, since the process started; never steps back. */
  monotonicMs(): number;
}

/** The machine's own clocks. */
export const systemClock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() };
