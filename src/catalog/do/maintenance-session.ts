import { unlessAborted } from "../../base/deadline.ts";
import type { OpenSession, SqlSession } from "../../base/sql.ts";
import { namedFailure } from "./named-failure.ts";

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
 * Opens a session as which the apply works. When `signal` fires it is closed, which ends the statement that it is running; statements have no
 * other limit, because dropping or creating a large database may rightly take long (APPLY-11).
 */
export async function openMaintenanceSession(
  openSession: OpenSession,
  signal: AbortSignal,
  database?: string,
): Promise<SqlSession> {
  signal.throwIfAborted();
  const opening = openSession({ purpose: "apply_config", ...(database === undefined ? {} : { database }) });
  const session = await unlessAborted(opening, signal).catch((error: unknown) => {
    opening.then((late) => late.close()).catch(ignore);
    throw error;
  });
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
    await session.run(settings);
  } catch (error) {
    await close().catch(ignore);
    signal.throwIfAborted();
    throw namedFailure("apply_config settings of the session", error);
  }
  return { run: (sql) => session.run(sql), close };
}

/** A session that is given up needs no word about how it closed. */
function ignore(): void {}
