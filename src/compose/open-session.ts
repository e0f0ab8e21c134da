import { systemClock } from "../base/clock.ts";
import type { OpenSession } from "../base/sql.ts";
import type { Facts } from "./facts.ts";
import { loadSession } from "./load.ts";

const connectMsMax = 30_000;

/** Opens sessions with our own Postgres; the driver is loaded with the first of them. */
export function ownSessions(facts: Facts, connectLimitMs: number = connectMsMax): OpenSession {
  const { connstr } = facts;
  return async (target) => {
    const { createOpenSession } = await loadSession();
    // Before the server can have counted it.
    const ended = noteOwnSession(facts, target.database ?? connstr.database);
    try {
      const session = await createOpenSession(connstr, { connectLimitMs })(target);
      return { run: session.run, close: () => session.close().finally(ended) };
    } catch (error) {
      ended();
      throw error;
    }
  };
}

/** Tells the activity monitor of a session of ours, whoever opens it (FIELD-14); the result is to be called at its end. */
export function noteOwnSession({ sessionLedger }: Facts, database: string): () => void {
  const ended = sessionLedger.opened(database, systemClock.monotonicMs());
  return () => ended(systemClock.monotonicMs());
}
