import type { OwnVisits } from "./activity.ts";

/**
 * Databases whose statistics tell nothing of customers: monitoring and this program visit them all day (MON-8 step 1).
 * Sessions that are open in them do count.
 */
export const platformDatabases: readonly string[] = ["postgres", "template0", "template1"];

/** Until then the statistics of a session have been written: at the end of its first statement, and at its own end. */
const statisticsDelayMsMax = 5_000;

/**
 * Knows which sessions this program opens in customers' databases, so that the activity monitor does not take them for a
 * customer's (FIELD-14, trap 7).
 */
export interface SessionLedger {
  /** Notes a session; the result is to be called when it ends. Times are those of the monotonic clock. */
  opened(database: string, nowMs: number): (nowMs: number) => void;
  /** What has happened since the last call. */
  take(nowMs: number): OwnVisits;
}

/** A ledger without an entry. */
export function createSessionLedger(): SessionLedger {
  let openedSinceTaken = 0;
  let open = 0;
  let lastOpenedMs = Number.NEGATIVE_INFINITY;
  let lastClosedMs = Number.NEGATIVE_INFINITY;
  return {
    opened(database, nowMs) {
      if (platformDatabases.includes(database)) return () => {};
      openedSinceTaken += 1;
      open += 1;
      lastOpenedMs = nowMs;
      let isOpen = true;
      return (endMs) => {
        if (isOpen) open -= 1;
        isOpen = false;
        lastClosedMs = endMs;
      };
    },
    take(nowMs) {
      const opened = openedSinceTaken;
      openedSinceTaken = 0;
      const closedLongAgo = open === 0 && nowMs - lastClosedMs > statisticsDelayMsMax;
      return { opened, countSettled: nowMs - lastOpenedMs > statisticsDelayMsMax, timeSettled: closedLongAgo };
    },
  };
}
