import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DeadlineError, sleep, withDeadline } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { Owner } from "../../base/owner.ts";
import type { TlsPaths } from "../../spec/types.ts";
import type { InstalledTls } from "../tls-state.ts";
import { checkKeyPair } from "./key-pair.ts";
import { watchFolders } from "./watch-folders.ts";
import { privateMode, writeFilesAtomic } from "./write-files.ts";

/** The key and certificate for TLS could not be installed. */
class TlsFilesError extends Error {
  readonly code = "TLS_FILES";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TlsFilesError";
  }
}

/** Brings Postgres's key and certificate into place, and keeps them fresh. */
export interface TlsFiles {
  /**
   * Copies key and certificate to `server.key` and `server.crt` in the data directory, once they belong together (CONF-51).
   * Whoever writes them may be a little late, so the first pair is waited for, for at most 30 seconds (CONF-T12). Later, a
   * pair that is no good leaves the one in place, with a warning.
   * @returns whether Postgres has something new to read
   * @throws TlsFilesError that names the files and what is wrong with them, only for the first pair; the signal's reason
   */
  install(paths: TlsPaths, signal: AbortSignal): Promise<boolean>;
  /** Whether there is a good pair that is not the one in place. */
  isRenewed(paths: TlsPaths): Promise<boolean>;
  /**
   * Watches both files (CONF-53, CONF-T15), by events of their folders and, as those can be missed, by digest once a minute.
   * Calls `onRenewed` whenever there is a good pair that is not the one in place. Ends when the signal fires; never rejects.
   */
  watch(paths: TlsPaths, onRenewed: () => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Null before the first pair is in place. */
  installed(): InstalledTls | null;
}

interface TlsFilesContext {
  readonly pgdata: string;
  readonly owner: Owner | null;
  readonly log: Log;
  readonly now: () => Date;
  /** Told of every change of {@link TlsFiles.installed}. */
  readonly onChange?: (installed: InstalledTls) => void;
  readonly limits?: Partial<typeof limitsDefault>;
}

/**
 * Times in milliseconds: for the first pair, between two tries at it, after an event until a bad pair is looked at again, between
 * two looks without an event.
 */
const limitsDefault = { firstMs: 30_000, retryMs: 1_000, settleMs: 1_000, lookMs: 60_000 };
const soonMs = 7 * 86_400_000;

/** A key and a certificate that belong together. */
interface Pair {
  readonly key: string;
  readonly chain: string;
  readonly digest: string;
  readonly notAfter: Date;
}

/** For one data directory; nothing is in place yet. */
export function createTlsFiles(context: TlsFilesContext): TlsFiles {
  const { pgdata, owner, log, now, onChange = () => {} } = context;
  const limits = { ...limitsDefault, ...context.limits };
  let digest: string | undefined;
  let installed: InstalledTls | null = null;

  function note(change: InstalledTls): void {
    installed = change;
    onChange(change);
  }

  async function place(pair: Pair): Promise<boolean> {
    if (pair.digest === digest) return false;
    await writeFilesAtomic(
      [
        { path: join(pgdata, "server.key"), text: pair.key },
        { path: join(pgdata, "server.crt"), text: pair.chain },
      ],
      { mode: privateMode, owner },
    );
    const isFirst = digest === undefined;
    digest = pair.digest;
    note({ notAfter: pair.notAfter, installedAt: now(), problem: null });
    const until = pair.notAfter.toISOString();
    log.info(`${isFirst ? "installed" : "renewed"} the certificate for TLS, which is good until ${until}`);
    const leftMs = pair.notAfter.getTime() - now().getTime();
    if (leftMs < soonMs) log.warn(`the certificate for TLS ${leftMs < 0 ? "has expired" : "expires soon"}: ${until}`);
    return true;
  }

  async function placeFirst(paths: TlsPaths, signal: AbortSignal): Promise<boolean> {
    const where = describe(paths);
    let flaw = "they could not be read in time";
    try {
      return await withDeadline(`waiting for ${where}`, limits.firstMs, signal, async (limited) => {
        for (;;) {
          const found = await readPair(paths, limited);
          const problem = "why" in found ? found.why : await tryPlace(found);
          if (problem === null) return true;
          if (problem !== flaw) log.warn(`cannot use ${where} for TLS yet: ${problem}`);
          flaw = problem;
          await sleep(limits.retryMs, limited);
        }
      });
    } catch (error) {
      if (signal.aborted || !(error instanceof DeadlineError)) throw error;
      throw new TlsFilesError(`cannot use ${where} for TLS: ${flaw}; replace them, or leave tls_experimental off`, {
        cause: error,
      });
    }
  }

  async function tryPlace(pair: Pair): Promise<string | null> {
    try {
      await place(pair);
      return null;
    } catch (error) {
      return describeError(error);
    }
  }

  /** A pair that is no good leaves the one in place; that is told once for each flaw. */
  function keep(paths: TlsPaths, problem: string | null): void {
    if (installed === null || installed.problem === problem) return;
    note({ ...installed, problem });
    if (problem === null) return;
    log.warn(`cannot use ${describe(paths)} for TLS, so the pair before stays in use: ${problem}`);
  }

  async function install(paths: TlsPaths, signal: AbortSignal): Promise<boolean> {
    if (installed === null) return placeFirst(paths, signal);
    const found = await readPair(paths, signal);
    if ("why" in found) {
      keep(paths, found.why);
      return false;
    }
    const before = digest;
    keep(paths, await tryPlace(found));
    return digest !== before;
  }

  async function isRenewed(paths: TlsPaths): Promise<boolean> {
    const found = await readPair(paths, never);
    return !("why" in found) && found.digest !== digest;
  }

  async function look(paths: TlsPaths, onRenewed: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (installed === null) return;
    let found = await readPair(paths, signal);
    if ("why" in found) {
      // Most likely somebody is half way through writing two files.
      await sleep(limits.settleMs, signal);
      found = await readPair(paths, signal);
    }
    if ("why" in found) keep(paths, found.why);
    else if (found.digest === digest) keep(paths, null);
    else await onRenewed();
  }

  return {
    install,
    isRenewed,
    installed: () => installed,
    async watch(paths, onRenewed, signal) {
      const looks = watchFolders([paths.keyPath, paths.certPath], limits.lookMs, signal);
      for await (const _ of looks) {
        try {
          await look(paths, onRenewed, signal);
        } catch (error) {
          if (signal.aborted) return;
          log.warn(`cannot renew the certificate for TLS, trying again: ${describeError(error)}`);
        }
      }
    },
  };
}

const never = new AbortController().signal;

function describe({ keyPath, certPath }: TlsPaths): string {
  return `private key ${keyPath} and certificate ${certPath}`;
}

async function readPair(paths: TlsPaths, signal: AbortSignal): Promise<Pair | { readonly why: string }> {
  try {
    const [key, chain] = await Promise.all([
      readFile(paths.keyPath, { encoding: "utf8", signal }),
      readFile(paths.certPath, { encoding: "utf8", signal }),
    ]);
    const { notAfter } = await checkKeyPair(key, chain);
    signal.throwIfAborted();
    const digest = createHash("sha256").update(key).update("\0").update(chain).digest("hex");
    return { key, chain, digest, notAfter };
  } catch (error) {
    signal.throwIfAborted();
    return { why: describeError(error) };
  }
}
