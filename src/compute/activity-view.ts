import type { AwakeReason } from "../monitor/activity.ts";

/** What the activity monitor knows: for `/status`, the metrics and whoever wants to see why a compute stays awake. */
export interface ActivityView {
  /** The last activity of customers, in microseconds since 1970; null for none since the start (MON-11). */
  readonly lastActiveMicros: number | null;
  /** What the last check came to; null before the first one. */
  readonly found: AwakeReason | "none" | "unreachable" | null;
  /** When the last check was over. */
  readonly checkedAt: Date | null;
  /** For how long Postgres has not answered, in milliseconds; 0 while it does (MON-14). */
  readonly currentDowntimeMs: number;
  /** The same for all outages since the start (MON-14). */
  readonly totalDowntimeMs: number;
}

/** Before the first check. */
export const nothingChecked: ActivityView = Object.freeze({
  lastActiveMicros: null,
  found: null,
  checkedAt: null,
  currentDowntimeMs: 0,
  totalDowntimeMs: 0,
});
