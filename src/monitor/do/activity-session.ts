import { openUnlessAborted, withDeadline } from "../../base/deadline.ts";
import type { OpenSession } from "../../base/sql.ts";
import { type ActivityFacts, decodeFacts } from "../facts.ts";
import { activityQuery } from "../query.ts";

/** A Postgres that takes longer does not answer, for all that its users know (trap 6). */
const waitMsMax = 5_000;

/** The monitor's own session with Postgres, kept from check to check (MON-5). */
export interface ActivitySession {
  /**
   * One look: one statement, in a transaction of its own.
   * @throws SqlError; DeadlineError after 5 s; the signal's reason
   */
  read(signal: AbortSignal): Promise<ActivityFacts>;
  close(): Promise<void>;
}

/**
 * Opens it.
 * @param limitMs how long connecting, and each look, may take
 * @throws SqlError when Postgres cannot be reached; DeadlineError; the signal's reason
 */
export async function openActivitySession(
  openSession: OpenSession,
  signal: AbortSignal,
  limitMs: number = waitMsMax,
): Promise<ActivitySession> {
  const session = await withDeadline("connecting to Postgres", limitMs, signal, (limited) =>
    openUnlessAborted(openSession({ purpose: "compute_monitor" }), limited),
  );
  return {
    async read(lookSignal) {
      const rows = await withDeadline("a look at the activity of Postgres", limitMs, lookSignal, () =>
        session.run(activityQuery),
      );
      return decodeFacts(rows);
    },
    close: () => session.close(),
  };
}
