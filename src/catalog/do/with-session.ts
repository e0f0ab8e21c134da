import type { Log } from "../../base/log.ts";
import { withScope } from "../../base/scope.ts";
import type { OpenSession, SqlSession } from "../../base/sql.ts";
import { type MaintenanceTarget, openMaintenanceSession } from "./maintenance-session.ts";

/** What one errand in the catalog works with. */
export interface ErrandPorts {
  readonly openSession: OpenSession;
  readonly log: Log;
  /** Ends the errand and closes its session. */
  readonly signal: AbortSignal;
}

/** Runs `work` in a session of its own, which is closed at the end whatever happens. */
export async function withSession<T>(
  target: MaintenanceTarget,
  { openSession, log, signal }: ErrandPorts,
  work: (session: SqlSession) => Promise<T>,
): Promise<T> {
  return await withScope(log, async (onExit) => {
    const session = await openMaintenanceSession(openSession, signal, target);
    onExit(`close the session for ${target.purpose}`, session.close);
    return await work(session);
  });
}
