import { openUnlessAborted, sleep, withDeadline } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { OpenSession, SqlSession } from "../../base/sql.ts";
import { readSettingsReport, type SettingsReport, settingsReportQuery } from "../settings-report.ts";

const inForceMsMax = 5_000;
const lookEveryMs = 2;

/** After so many looks it is asked whether the files are refused: Postgres does not note a reload that it refused as a whole. */
const looksUntilDoubt = 50;

/**
 * Has Postgres read its configuration again and waits until it did (CONF-T8): the postmaster reads it before it tells its
 * sessions to, so what one session sees is what new ones start with. When that cannot be seen in time, it is logged, and
 * the reload has been asked for all the same.
 * @param onReport told afterwards, when nobody waits any more, what Postgres holds back of its files (chapter 04 §14.2)
 */
export async function reloadConfiguration(
  sendReload: () => void,
  openSession: OpenSession,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
  onReport: ((report: Promise<SettingsReport | null>) => void) | null = null,
): Promise<void> {
  let session: SqlSession | undefined;
  let taken = false;
  try {
    await withDeadline("reloading the configuration", inForceMsMax, signal, async (limited) => {
      session = await openUnlessAborted(openSession({ purpose: "reload" }), limited);
      const before = await loadedAt(session);
      sendReload();
      await untilLoaded(session, before, limited);
    });
    if (session !== undefined && onReport !== null) {
      taken = true;
      onReport(reportAndClose(session, log));
    }
  } catch (error) {
    signal.throwIfAborted();
    sendReload();
    log.warn(`cannot tell whether Postgres has reloaded its configuration: ${describeError(error)}`);
  } finally {
    if (!taken) await session?.close();
  }
}

async function untilLoaded(session: SqlSession, before: string | null, signal: AbortSignal): Promise<void> {
  for (let looks = 1; (await loadedAt(session)) === before; looks += 1) {
    if (looks === looksUntilDoubt && (await askForReport(session)).rejected.length > 0) return;
    await sleep(lookEveryMs, signal);
  }
}

async function askForReport(session: SqlSession): Promise<SettingsReport> {
  return readSettingsReport(await session.run(settingsReportQuery));
}

/** Takes the session over. Nothing but its own limit ends the query, which takes some milliseconds. Null when it fails. */
async function reportAndClose(session: SqlSession, log: Log): Promise<SettingsReport | null> {
  try {
    const never = new AbortController().signal;
    return await withDeadline("asking for settings", inForceMsMax, never, () => askForReport(session));
  } catch (error) {
    log.debug(`cannot tell which settings Postgres holds back: ${describeError(error)}`);
    return null;
  } finally {
    await session.close();
  }
}

async function loadedAt(session: SqlSession): Promise<string | null> {
  const [row] = await session.run("SELECT pg_catalog.pg_conf_load_time()::pg_catalog.text AS loaded_at");
  return row?.["loaded_at"] ?? null;
}
