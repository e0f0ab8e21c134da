import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { type OpenSession, sqlState } from "../../base/sql.ts";
import { visit } from "./query-session.ts";

const diskFull = "53100";

const upsert = `INSERT INTO public.health_check VALUES (1, pg_catalog.now())
ON CONFLICT (id) DO UPDATE SET updated_at = pg_catalog.now()`;

/** Proves that a row can be written; a full disk counts as writable (CAT-3). @throws SqlError, DeadlineError */
export async function probeWrite(openSession: OpenSession, log: Log, signal: AbortSignal): Promise<void> {
  try {
    await visit(openSession, { purpose: "availability_checker" }, signal, (session) => session.run(upsert));
  } catch (error) {
    if (sqlState(error) !== diskFull) throw error;
    log.warn(`the disk is full, which counts as writable: ${describeError(error)}`);
  }
}
