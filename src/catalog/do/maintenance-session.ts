import { openUnlessAborted } from "../../base/deadline.ts";
import type { OpenSession, SqlSession } from "../../base/sql.ts";
import { namedFailure } from "./named-failure.ts";

/** What a maintenance session is for, and where; by default for the apply, in the system database. */
export interface MaintenanceTarget extends SessionLimits {
  readonly purpose?: string;
  readonly database?: string;
  readonly user?: "zenith_admin";
}

/** What ends a statement early. */
export interface SessionLimits {
  /** How long it may wait for one lock; a minute if nothing else is said. */
  readonly lockMsMax?: number;
  /** How long it may take; for ever if nothing else is said. */
  readonly statementMsMax?: number;
}

/** Longer than any rightful holder of a lock in the catalog needs, and an end for those who forget it. */
const lockMsDefault = 60_000;

/**
 * What a session of the apply sets: the `neon` extension does not report its role and database changes back to the control
 * plane (APPLY-7), and its statements, which hold password verifiers, stay out of the server's log and statistics, whatever
 * the spec's settings ask for.
 */
const settings = [
  "neon.forward_ddl = false",
  "log_statement = none",
  "log_min_duration_statement = -1",
  "log_min_duration_sample = -1",
  "log_transaction_sample_rate = 0",
  "log_min_error_statement = panic",
  "pg_stat_statements.track_utility = off",
]
  .map((setting) => `SET ${setting}`)
  .join("; ");

/**
 * Opens a session as which the apply works. When `signal` fires it is closed, which ends the statement that it is running. A
 * statement gives up waiting for a lock after a while (`55P03`). Only lakebase mode limits how long it may take (APPLY-9),
 * because dropping or creating a large database may rightly take long (APPLY-11).
 */
export async function openMaintenanceSession(
  openSession: OpenSession,
  signal: AbortSignal,
  { purpose = "apply_config", lockMsMax = lockMsDefault, statementMsMax = 0, ...where }: MaintenanceTarget = {},
): Promise<SqlSession> {
  signal.throwIfAborted();
  const session = await openUnlessAborted(openSession({ purpose, ...where }), signal);
  const close = async (): Promise<void> => {
    signal.removeEventListener("abort", onAbort);
    await session.close();
  };
  const onAbort = (): void => {
    close().catch(ignore);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    await session.run(`${settings}; SET lock_timeout = ${lockMsMax}; SET statement_timeout = ${statementMsMax}`);
  } catch (error) {
    await close().catch(ignore);
    signal.throwIfAborted();
    throw namedFailure(`${purpose} settings of the session`, error);
  }
  return { run: (sql) => session.run(sql), close };
}

/** A session that is given up needs no word about how it closed. */
function ignore(): void {}
