import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { formatLsn, type Lsn } from "../../base/lsn.ts";
import type { Owner } from "../../base/owner.ts";
import type { ComputeMode, PageserverConnectionInfo } from "../../spec/types.ts";
import { type ConnectionTarget, parseConnectionTarget } from "../connection-target.ts";
import { type Branch, basebackupCommand, basebackupStartup, basebackupUrl } from "../requests.ts";
import { basebackupPausesMs } from "../retry.ts";
import { openLibpq } from "./libpq-connection.ts";
import { withRetries } from "./retrying.ts";

/** Which base backup, from where, into what. */
export interface BasebackupRequest extends Branch {
  readonly pageservers: PageserverConnectionInfo;
  /** Zero for the newest. */
  readonly lsn: Lsn;
  readonly mode: ComputeMode;
  readonly token: string | null;
  /** An existing directory. */
  readonly pgdata: string;
  readonly owner: Owner | null;
  /** Tries after the first one; undefined for the default (BASE-70). */
  readonly retriesMax: number | undefined;
  /** Whom to be when the pageserver's URL names no user. */
  readonly osUser: string;
}

/** What the successful try took (BASE-72). */
export interface BasebackupReport {
  /** From the start of the try to the end of the login. */
  readonly connectMicros: number;
  /** The whole try. */
  readonly basebackupMs: number;
  /** Compressed bytes received. */
  readonly bytes: number;
}

/** What fetching touches besides network and disk. */
export interface BasebackupPorts {
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told before each try but the first. */
  readonly onRetry?: () => void;
}

const limits = {
  /** For one host, unless the URL sets another. */
  connectMsMax: 10_000,
  /** BASE-40: the pageserver itself waits up to 300 s for WAL to arrive before it begins. */
  firstByteMsMax: 330_000,
  idleMsMax: 60_000,
} as const;

/**
 * Fetches the base backup of a branch and unpacks it into PGDATA, trying again as BASE-70 says. A try that fails takes
 * back what it wrote.
 * @throws Error `failed to get basebackup@<LSN>` with the last try's error as its cause; the signal's reason when it fires
 */
export async function fetchBasebackup(request: BasebackupRequest, ports: BasebackupPorts): Promise<BasebackupReport> {
  const { log, signal, onRetry } = ports;
  const at = formatLsn(request.lsn);
  try {
    const target = parseConnectionTarget(basebackupUrl(request.pageservers), request.osUser);
    const pausesMs = basebackupPausesMs(request.retriesMax);
    const what = `get basebackup@${at}`;
    return await withRetries({ what, pausesMs, log, signal, onRetry }, () => fetchOnce(request, target, ports));
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`failed to get basebackup@${at}`, { cause: error });
  }
}

async function fetchOnce(
  request: BasebackupRequest,
  target: ConnectionTarget,
  { log, clock, signal }: BasebackupPorts,
): Promise<BasebackupReport> {
  const { lsn, mode, token, pgdata, owner } = request;
  const startedMs = clock.monotonicMs();
  // zlib and the tar reader are needed only now, and load while we connect. A failure is thrown where it is awaited.
  const loading = import("./unpack.ts");
  loading.catch(() => {});
  const login = {
    params: basebackupStartup(target, mode),
    token,
    connectMsMax: target.connectMsMax ?? limits.connectMsMax,
  };
  const connection = await openLibpq(target, login, signal);
  try {
    const connectMicros = Math.floor((clock.monotonicMs() - startedMs) * 1000);
    const copied = connection.copyOut(basebackupCommand(request, lsn, mode), limits);
    const { unpackBasebackup } = await loading;
    const bytes = await unpackBasebackup(copied, { pgdata, owner, log });
    return { connectMicros, basebackupMs: Math.floor(clock.monotonicMs() - startedMs), bytes };
  } finally {
    connection.close();
  }
}
