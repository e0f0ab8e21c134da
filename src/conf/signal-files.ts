import type { ComputeMode } from "../spec/types.ts";

/** Which files a base backup left in the data directory. */
export interface FoundSignals {
  readonly neon: boolean;
  /** The name of `neon.signal` in older storage. */
  readonly zenith: boolean;
  readonly standby: boolean;
}

/** What to do about them. */
export interface SignalSteps {
  readonly copyZenithToNeon: boolean;
  readonly createStandby: boolean;
}

/** Decides which signal files are missing: that of the neon extension (CONF-60), and that of a standby (CONF-65). */
export function signalSteps(found: FoundSignals, mode: ComputeMode["kind"]): SignalSteps {
  return { copyZenithToNeon: found.zenith && !found.neon, createStandby: mode !== "primary" && !found.standby };
}
