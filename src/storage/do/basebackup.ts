import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { formatLsn, type Lsn } from "../../base/lsn.ts";
import type { Owner } from "../../base/owner.ts";
import type { ComputeMode, PageserverConnectionInfo } from "../../spec/types.ts";
import type { Compression, PageserverAddress, PageserverConnection } from "../page-service.ts";
import { basebackupAddresses } from "../pageserver-addresses.ts";
import type { Branch } from "../requests.ts";
import { basebackupPausesMs, concernsAddress, isHopeless } from "../retry.ts";
import { openPageserver, type PageserverLogin } from "./pageserver-connection.ts";
import { withRetries } from "./retrying.ts";

/** Which base backup, from where, into what. */
export interface BasebackupRequest extends Branch {
  readonly pageservers: PageserverConnectionInfo;
  readonly mode: ComputeMode;
  readonly compression: Compression;
  readonly token: string | null;
  /** A directory that exists when the LSN is known. */
  readonly pgdata: string;
  readonly owner: Owner | null;
  /** Rounds of tries after the first one; undefined for the default (BASE-70). */
  readonly retriesMax: number | undefined;
  /** Whom to be when the pageserver's URL names no user. */
  readonly osUser: string;
  /** The authorities to trust, see `PageserverLogin`. */
  readonly caFile: string | null;
}

/** What the successful try took (BASE-72). */
export interface BasebackupReport {
  /** From the start of the connection to the end of the login. */
  readonly connectMicros: number;
  /** From the moment when the LSN was known, or from the start of a later try. */
  readonly basebackupMs: number;
  /** Compressed bytes received. */
  readonly bytes: number;
}

/** What fetching touches besides network and disk. */
export interface BasebackupPorts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told before each round of tries but the first. */
  readonly onRetry?: () => void;
}

/** A base backup that is about to be fetched: the connection is being opened. */
export interface PendingBasebackup {
  /** Resolves when the connection stands or has failed; never rejects. */
  readonly connected: Promise<void>;
  /**
   * Fetches it and unpacks it into PGDATA, once. A round of tries asks every pageserver of the shard that can be reached, by
   * either protocol, the preferred ways first; rounds are repeated as BASE-70 says. A try that fails takes back what it wrote.
   * @param lsn zero for the newest
   * @param log told of failures
   * @throws Error `failed to get basebackup@<LSN>` with the last error as its cause; the signal's reason when it fires
   */
  fetch(lsn: Lsn, log: Log): Promise<BasebackupReport>;
  /** Lets go of the connection, whether it was used or not. */
  close(): void;
}

const limits = {
  /** For one host, unless the URL sets another. */
  connectMsMax: 10_000,
  /** BASE-40: the pageserver itself waits up to 300 s for WAL to arrive before it begins. */
  firstByteMsMax: 330_000,
  idleMsMax: 60_000,
} as const;

/** A connection that was opened, and how long that took. */
interface Opened {
  readonly connection: PageserverConnection;
  readonly connectMicros: number;
}

/** Begins to connect to the pageserver, so that it can be asked at once when the LSN is known. Never throws. */
export function beginBasebackup(request: BasebackupRequest, ports: BasebackupPorts): PendingBasebackup {
  const { clock, signal, onRetry } = ports;
  const { tenantId, timelineId, mode, token, osUser, caFile, compression, pgdata, owner } = request;
  const { connectMsMax } = limits;
  const login: PageserverLogin = {
    branch: { tenantId, timelineId },
    purpose: { kind: "basebackup", mode },
    token,
    osUser,
    caFile,
    connectMsMax,
  };

  const open = async (address: PageserverAddress): Promise<Opened> => {
    const startedMs = clock.monotonicMs();
    const connection = await openPageserver(address, login, signal);
    return { connection, connectMicros: Math.floor((clock.monotonicMs() - startedMs) * 1000) };
  };
  let ahead: Promise<Opened> | undefined = firstAddress(request.pageservers)?.map(open)[0];
  const connected = Promise.resolve(ahead).then(
    () => {},
    (error: unknown) => {
      // Who failed before anybody wanted it is asked anew.
      if (!isHopeless(error)) ahead = undefined;
    },
  );

  // What unpacks is needed only later, and loads while the safekeepers are asked. A failure is thrown where it is awaited.
  const loading = connected.then(() => import("./unpack.ts"));
  loading.catch(() => {});

  async function fetchFrom(address: PageserverAddress, lsn: Lsn, log: Log): Promise<BasebackupReport> {
    const startedMs = clock.monotonicMs();
    const opening = ahead ?? open(address);
    ahead = undefined;
    const { connection, connectMicros } = await opening;
    try {
      const archive = connection.basebackup({ lsn, mode, compression }, limits);
      const { unpackBasebackup } = await loading;
      const bytes = await unpackBasebackup(archive, { pgdata, owner, log, compression });
      return { connectMicros, basebackupMs: Math.floor(clock.monotonicMs() - startedMs), bytes };
    } finally {
      connection.close();
    }
  }

  /** Asks one after the other. What an address alone is to blame for does not keep the others from being asked. */
  async function fetchFromAny(addresses: readonly PageserverAddress[], lsn: Lsn, log: Log): Promise<BasebackupReport> {
    let failure: { readonly error: unknown } | undefined;
    for (const [place, address] of addresses.entries()) {
      try {
        return await fetchFrom(address, lsn, log);
      } catch (error) {
        signal.throwIfAborted();
        if (isHopeless(error) && !concernsAddress(error)) throw error;
        if (failure === undefined || !isHopeless(error)) failure = { error };
        const next = addresses[place + 1];
        if (next !== undefined) log.warn(`${address.name} failed, asking ${next.name}: ${describeError(error)}`);
      }
    }
    throw failure?.error;
  }

  return {
    connected,
    async fetch(lsn, log) {
      const at = formatLsn(lsn);
      try {
        const addresses = basebackupAddresses(request.pageservers);
        const retrying = {
          what: `get basebackup@${at}`,
          pausesMs: basebackupPausesMs(request.retriesMax),
          log,
          signal,
          onRetry,
        };
        return await withRetries(retrying, () => fetchFromAny(addresses, lsn, log));
      } catch (error) {
        signal.throwIfAborted();
        throw new Error(`failed to get basebackup@${at}`, { cause: error });
      }
    },
    close() {
      ahead?.then(
        ({ connection }) => connection.close(),
        () => {},
      );
      ahead = undefined;
    },
  };
}

/** The address to begin with, in a list; undefined when there is none, which is told when the base backup is wanted. */
function firstAddress(pageservers: PageserverConnectionInfo): readonly PageserverAddress[] | undefined {
  try {
    return basebackupAddresses(pageservers).slice(0, 1);
  } catch {
    return undefined;
  }
}
