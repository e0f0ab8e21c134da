import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { findByPidFile, sendSignal } from "./processes.ts";

/**
 * Kills pgbouncer, which does not lock its pid file: so the process must also be called so (SVC-60, SVC-T8). Never rejects.
 */
export async function stopPgbouncer(pidFile: string, log: Log): Promise<void> {
  try {
    const found = await findByPidFile(pidFile, "pgbouncer");
    if (found === undefined) log.debug(`no pgbouncer to end: ${pidFile} names none that runs`);
    else if (sendSignal(found.pid, "SIGKILL")) log.info("pgbouncer was ended", { pid: found.pid });
  } catch (error) {
    log.warn(`could not end pgbouncer: ${describeError(error)}`);
  }
}
