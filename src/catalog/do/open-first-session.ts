import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { withScope } from "../../base/scope.ts";
import { type OpenSession, type SqlSession, sqlState } from "../../base/sql.ts";
import { openMaintenanceSession, type SessionLimits } from "./maintenance-session.ts";

/** The server does not know the role, does not let it in, or not with this password. */
const refusals: ReadonlySet<string | undefined> = new Set(["28000", "28P01"]);

/** `zenith_admin` is the superuser of a cluster from before `cloud_admin` had that name. */
const adoption = `SET neon.forward_ddl = false;
CREATE ROLE cloud_admin WITH SUPERUSER LOGIN;
GRANT zenith_admin TO cloud_admin`;

/** What {@link openFirstSession} works with. */
export interface FirstSessionPorts {
  readonly openSession: OpenSession;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly sessionLimits?: SessionLimits;
}

/**
 * Opens the first session of an apply. A cluster of old that has no `cloud_admin` yet gets one from its own superuser, and is
 * asked again (APPLY-8). Where that cannot be done either, the first refusal stands as it came (T13).
 * @throws SqlError when the server cannot be reached or refuses
 */
export async function openFirstSession(ports: FirstSessionPorts): Promise<SqlSession> {
  const { openSession, log, signal, sessionLimits } = ports;
  try {
    return await openMaintenanceSession(openSession, signal, sessionLimits);
  } catch (refusal) {
    if (!refusals.has(sqlState(refusal))) throw refusal;
    try {
      await createCloudAdmin(ports);
    } catch (error) {
      signal.throwIfAborted();
      log.warn(`could not create role cloud_admin as zenith_admin either: ${describeError(error)}`);
      throw refusal;
    }
  }
  log.warn("this cluster had no usable role cloud_admin: created it as zenith_admin");
  return await openMaintenanceSession(openSession, signal, sessionLimits);
}

async function createCloudAdmin({ openSession, log, signal, sessionLimits }: FirstSessionPorts): Promise<void> {
  await withScope(log, async (onExit) => {
    const target = { ...sessionLimits, purpose: "apply_config", user: "zenith_admin" } as const;
    const session = await openMaintenanceSession(openSession, signal, target);
    onExit("close the session of zenith_admin", session.close);
    await session.run(adoption);
  });
}
