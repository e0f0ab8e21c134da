import { access } from "node:fs/promises";
import { DeadlineError, sleep, withDeadline } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { SqlSession } from "../../base/sql.ts";
import type { TlsPaths } from "../../spec/types.ts";
import { editIni, readIni } from "../ini.ts";
import {
  type AdminConsole,
  adminConsole,
  judgeReload,
  pgbouncerSection,
  pgbouncerSettings,
  type ShownParameter,
  type Verdict,
} from "../pgbouncer.ts";
import { ServiceError } from "../service-error.ts";
import { readText, replaceFile } from "./replace-file.ts";
import type { Attempt } from "./supervisor.ts";

/** What a spec wants of pgbouncer. */
export interface PgbouncerWish {
  readonly settings: ReadonlyMap<string, string>;
  /** Null when TLS is not active. */
  readonly tls: TlsPaths | null;
}

/** Where pgbouncer is, and how it is spoken to. */
export interface PgbouncerPorts {
  readonly log: Log;
  readonly ini: string;
  readonly isVm: boolean;
  readonly socketFolder: string;
  readonly password: string | null;
  /** Opens a session with the admin console; bounded in time. */
  readonly openConsole: (console: AdminConsole) => Promise<SqlSession>;
  readonly limits?: Partial<PgbouncerLimits>;
}

/** Times in milliseconds. */
interface PgbouncerLimits {
  /** Between two attempts to connect (SVC-10). */
  readonly pauseMs: number;
  /** How long the TLS key may be late; the original waits for ever. */
  readonly keyMsMax: number;
  readonly keyPollMs: number;
  readonly answerMsMax: number;
}

const limitsDefault: PgbouncerLimits = { pauseMs: 1000, keyMsMax: 60_000, keyPollMs: 500, answerMsMax: 10_000 };
const attemptsMax = 4;

/**
 * Brings the spec's settings into pgbouncer's ini file and has it read that (SVC-10). The file comes first, so that a pgbouncer
 * that starts meanwhile has them. Settings that pgbouncer refuses are taken back, because it would not start again with them.
 * @throws ServiceError when there is no ini file, nobody answers, or settings were refused; the signal's reason when it fires
 */
export async function configurePgbouncer(
  { settings: wanted, tls }: PgbouncerWish,
  ports: PgbouncerPorts,
  attempt: Attempt,
): Promise<void> {
  const { log, ini } = ports;
  const limits = { ...limitsDefault, ...ports.limits };
  const settings = pgbouncerSettings(wanted, tls);
  if (tls !== null) await waitForKey(tls.keyPath, limits, attempt.signal);
  const before = await readText(ini);
  if (before === null) throw new ServiceError("pgbouncer", `cannot set spec.pgbouncer_settings: there is no ${ini}`);
  const after = editIni(before, pgbouncerSection, settings);
  if (after !== before) await replaceFile(ini, after);
  const written = [...settings].filter(([name, value]) => readIni(before, pgbouncerSection, name) !== value);

  const session = await connect(adminConsole({ ...ports, ini: before }), ports, limits, attempt);
  try {
    const verdict = await reload(session, settings, new Set(written.map(([name]) => name)), limits, attempt.signal);
    tell(verdict, log);
    if (verdict.refused.length > 0) {
      await replaceFile(ini, before);
      await ask(session, "RELOAD", limits, attempt.signal);
      const names = verdict.refused.map((name) => `spec.pgbouncer_settings.${name}`).join(", ");
      throw new ServiceError(
        "pgbouncer",
        `pgbouncer refuses ${names}; ${ini} is as it was before. Its own log tells why`,
      );
    }
    log.info("pgbouncer has read its settings", { settings: settings.size });
  } finally {
    // The error of a goodbye tells nothing that matters any more.
    await session.close().catch(() => {});
  }
}

async function waitForKey(path: string, { keyMsMax, keyPollMs }: PgbouncerLimits, signal: AbortSignal): Promise<void> {
  try {
    await withDeadline(`waiting for the TLS key ${path}`, keyMsMax, signal, async (limited) => {
      while (!(await exists(path))) await sleep(keyPollMs, limited);
    });
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    throw new ServiceError("pgbouncer", `the TLS key for pgbouncer's clients does not exist`, { cause: error });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function connect(
  console: AdminConsole,
  { log, openConsole }: PgbouncerPorts,
  { pauseMs }: PgbouncerLimits,
  { signal, retrying }: Attempt,
): Promise<SqlSession> {
  const where = `${console.host}, port ${console.port}, user ${console.user}`;
  for (let attempts = 1; ; attempts += 1) {
    signal.throwIfAborted();
    try {
      return await openConsole(console);
    } catch (error) {
      if (attempts === attemptsMax) {
        const message = `pgbouncer's admin console cannot be reached (${where}); its ini file has the settings for its next start`;
        throw new ServiceError("pgbouncer", message, { cause: error });
      }
      log.debug(`pgbouncer does not answer yet: ${describeError(error)}`, { attempts });
      retrying(error);
    }
    await sleep(pauseMs, signal);
  }
}

async function reload(
  session: SqlSession,
  settings: ReadonlyMap<string, string>,
  written: ReadonlySet<string>,
  limits: PgbouncerLimits,
  signal: AbortSignal,
): Promise<Verdict> {
  const before = await showConfig(session, limits, signal);
  await ask(session, "RELOAD", limits, signal);
  return judgeReload(settings, written, before, await showConfig(session, limits, signal));
}

async function showConfig(
  session: SqlSession,
  limits: PgbouncerLimits,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ShownParameter>> {
  const rows = await ask(session, "SHOW CONFIG", limits, signal);
  return new Map(
    rows.map(({ key, value, default: standard, changeable }) => [
      key ?? "",
      { value: value ?? "", default: standard ?? "", changeable: changeable !== "no" },
    ]),
  );
}

async function ask(session: SqlSession, command: string, { answerMsMax }: PgbouncerLimits, signal: AbortSignal) {
  return withDeadline(`pgbouncer's answer to ${command}`, answerMsMax, signal, () => session.run(command));
}

function tell({ needRestart, overruled }: Verdict, log: Log): void {
  if (needRestart.length > 0)
    log.warn(`pgbouncer takes these settings only when it is restarted: ${needRestart.join(", ")}`);
  if (overruled.length > 0) {
    log.warn(`pgbouncer has other values than the spec for ${overruled.join(", ")}; an included file may set them`);
  }
}
