import type { Clock } from "../../base/clock.ts";
import { sleep } from "../../base/deadline.ts";
import type { Log } from "../../base/log.ts";
import type { SqlSession } from "../../base/sql.ts";

/** Only this program takes an advisory lock of this number in the system database. */
const key = "7164238190221";
const pollMs = 250;

/**
 * Takes the lock that keeps two runs of the migrations apart; it is held until the session ends. While another session has
 * it, asks again and again instead of queueing, so that the wait ends with `signal` and holds no snapshot open.
 * @throws Error when it is still taken after `msMax`
 */
export async function takeMigrationLock(
  session: SqlSession,
  msMax: number,
  { log, clock, signal }: { readonly log: Log; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const startedMs = clock.monotonicMs();
  for (let told = false; !(await tryLock(session)); told = true) {
    if (!told) log.warn(`waiting for the migrations that ${await describeHolder(session)} runs`, { ms_max: msMax });
    if (clock.monotonicMs() - startedMs >= msMax) {
      throw new Error(`${await describeHolder(session)} runs the migrations, and did not finish in ${msMax} ms`);
    }
    await sleep(pollMs, signal);
  }
}

async function tryLock(session: SqlSession): Promise<boolean> {
  const [row] = await session.run(`SELECT pg_catalog.pg_try_advisory_lock(${key}) AS taken`);
  return row?.["taken"] === "t";
}

async function describeHolder(session: SqlSession): Promise<string> {
  const [row] = await session.run(`SELECT a.pid, a.application_name AS name FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted
  AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
    WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
  AND ((l.classid::pg_catalog.int8 OPERATOR(pg_catalog.<<) 32) OPERATOR(pg_catalog.|) l.objid::pg_catalog.int8)
    OPERATOR(pg_catalog.=) ${key}`);
  return row === undefined ? "another session" : `session ${row["pid"]} (${row["name"]})`;
}
