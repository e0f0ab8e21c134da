import { sleep, withDeadline } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { OpenSession, SqlSession } from "../../base/sql.ts";

const inForceMsMax = 5_000;
const lookEveryMs = 2;

/**
 * Has Postgres read its configuration again and waits until it did (CONF-T8): the postmaster reads it before it tells its
 * sessions to, so what one session sees is what new ones start with. When that cannot be seen in time, it is logged, and
 * the reload has been asked for all the same.
 */
export async function reloadConfiguration(
  sendReload: () => void,
  openSession: OpenSession,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  let session: SqlSession | undefined;
  try {
    await withDeadline("reloading the configuration", inForceMsMax, signal, async (limited) => {
      session = await openSession({ purpose: "reload" });
      const before = await loadedAt(session);
      sendReload();
      while ((await loadedAt(session)) === before) await sleep(lookEveryMs, limited);
    });
  } catch (error) {
    signal.throwIfAborted();
    sendReload();
    log.warn(`cannot tell whether Postgres has reloaded its configuration: ${describeError(error)}`);
  } finally {
    await session?.close();
  }
}

async function loadedAt(session: SqlSession): Promise<string | null> {
  const [row] = await session.run("SELECT pg_catalog.pg_conf_load_time()::pg_catalog.text AS loaded_at");
  return row?.["loaded_at"] ?? null;
}
