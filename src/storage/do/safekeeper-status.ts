import { withDeadline } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { parseLsn } from "../../base/lsn.ts";
import { safekeeperTarget } from "../connection-target.ts";
import { nextQuorum, type QuorumOutcome, type SafekeeperAnswer } from "../quorum.ts";
import { type Branch, timelineStatusCommand, timelineStatusStartup } from "../requests.ts";
import { openLibpq, type Row } from "./libpq-connection.ts";

/** Which safekeepers to ask, and about what. */
export interface SafekeeperCheck extends Branch {
  /** Entries `host:port`. */
  readonly hostPorts: readonly string[];
  readonly token: string | null;
  /** The setting `neon.safekeeper_conninfo_options`, which may ask for TLS (SK-21). */
  readonly conninfoOptions: string | null;
  /** The authorities to trust, see `LoginOptions`. */
  readonly caFile: string | null;
  /** For the lookup, the connection, the login and the answer of one safekeeper together; it is on the start path. */
  readonly askMsMax: number;
}

/**
 * Asks all safekeepers at once how far their WAL reaches and stops as soon as the outcome is certain (SK-10 to SK-13).
 * Changes nothing on them. A safekeeper that fails is logged and counts as no answer.
 * @throws the signal's reason when it fires
 */
export async function checkSafekeepers(
  check: SafekeeperCheck,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<QuorumOutcome> {
  signal.throwIfAborted();
  const decided = new AbortController();
  const both = AbortSignal.any([signal, decided.signal]);
  const answers: SafekeeperAnswer[] = [];
  let outcome = nextQuorum(check.hostPorts.length, answers);
  const askAndCount = async (hostPort: string): Promise<void> => {
    const answer = await ask(hostPort, check, log, both);
    if (outcome.kind !== "wait") return;
    answers.push(answer);
    outcome = nextQuorum(check.hostPorts.length, answers);
    if (outcome.kind !== "wait") decided.abort();
  };
  await Promise.all(check.hostPorts.map(askAndCount));
  signal.throwIfAborted();
  if (outcome.kind === "not-synced") log.info(`safekeepers are not in sync: ${outcome.why}`);
  if (outcome.kind === "wait") throw new Error("every safekeeper answered or failed, yet the quorum is undecided");
  return outcome;
}

async function ask(hostPort: string, check: SafekeeperCheck, log: Log, signal: AbortSignal): Promise<SafekeeperAnswer> {
  try {
    return await withDeadline(`asking safekeeper ${hostPort}`, check.askMsMax, signal, (limited) =>
      askOnce(hostPort, check, limited),
    );
  } catch (error) {
    const why = describeError(error);
    if (!signal.aborted) log.info(`no status from safekeeper ${hostPort}: ${why}`);
    return { kind: "failed", why };
  }
}

async function askOnce(hostPort: string, check: SafekeeperCheck, signal: AbortSignal): Promise<SafekeeperAnswer> {
  const { askMsMax: connectMsMax, caFile } = check;
  const target = safekeeperTarget(hostPort, check.conninfoOptions);
  // Unlike a pageserver's (BASE-20): Postgres takes this one before the token.
  const token = target.password ?? check.token;
  const login = { params: timelineStatusStartup(check), token, connectMsMax, caFile };
  const connection = await openLibpq(target, login, signal);
  try {
    const [row] = await connection.query(timelineStatusCommand);
    return row === undefined ? { kind: "unknown-timeline" } : statusOf(row);
  } finally {
    connection.close();
  }
}

function statusOf(row: Row): SafekeeperAnswer {
  const flushLsn = parseLsn(row.get("flush_lsn") ?? "");
  const commitLsn = parseLsn(row.get("commit_lsn") ?? "");
  if (flushLsn === undefined || commitLsn === undefined) throw new Error("TIMELINE_STATUS answered without an LSN");
  return { kind: "status", flushLsn, commitLsn };
}
