import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { DeadlineError, sleep, withDeadline } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { Owner } from "../../base/owner.ts";
import type { DatabricksSettings, TlsPaths } from "../../spec/types.ts";
import { checkKeyPair } from "./key-pair.ts";
import { privateMode, readIfPresent, writeFileAtomic } from "./write-files.ts";

/** The key and certificate for TLS could not be installed. */
class TlsFilesError extends Error {
  readonly code = "TLS_FILES";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TlsFilesError";
  }
}

interface InstallTls {
  readonly paths: TlsPaths;
  readonly pgdata: string;
  readonly owner: Owner | null;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How long to wait for a good pair, in milliseconds. */
  readonly limitMs?: number;
  readonly retryMs?: number;
}

/**
 * Copies key and certificate to `server.key` and `server.crt` in the data directory, once they belong together (CONF-51).
 * Whoever writes them may be a little late, or half way through a renewal, so a bad pair is looked at again every second,
 * for at most 30 seconds (CONF-T12). Postgres sees the new pair after its next reload.
 * @throws TlsFilesError that names the files and what is wrong with them; the signal's reason when it fires
 */
export async function installTls(input: InstallTls): Promise<void> {
  const { paths, log, limitMs = 30_000, retryMs = 1000 } = input;
  const where = `private key ${paths.keyPath} and certificate ${paths.certPath}`;
  let flaw = "they could not be read in time";
  try {
    await withDeadline(`waiting for ${where}`, limitMs, input.signal, async (signal) => {
      for (let found = await tryInstall(input, signal); found !== null; found = await tryInstall(input, signal)) {
        if (found !== flaw) log.warn(`cannot use ${where} for TLS yet: ${found}`);
        flaw = found;
        await sleep(retryMs, signal);
      }
    });
  } catch (error) {
    if (input.signal.aborted || !(error instanceof DeadlineError)) throw error;
    throw new TlsFilesError(`cannot use ${where} for TLS: ${flaw}; replace them, or leave tls_experimental off`, {
      cause: error,
    });
  }
}

/** Copies the certificate and the key of a lakebase deployment under their own names, unless they are there (CONF-57). */
export async function copyLakebaseCertificates(
  pgdata: string,
  { certFile, keyFile }: DatabricksSettings["tls"],
  owner: Owner | null,
): Promise<void> {
  for (const source of [certFile, keyFile]) {
    const target = join(pgdata, basename(source));
    if ((await readIfPresent(target)) !== null) continue;
    await writeFileAtomic(target, await readFile(source, "utf8"), { mode: privateMode, owner });
  }
}

/** Null when the pair is installed, else why not. */
async function tryInstall({ paths, pgdata, owner }: InstallTls, signal: AbortSignal): Promise<string | null> {
  try {
    const [key, chain] = await Promise.all([
      readFile(paths.keyPath, { encoding: "utf8", signal }),
      readFile(paths.certPath, { encoding: "utf8", signal }),
    ]);
    await checkKeyPair(key, chain);
    signal.throwIfAborted();
    await writeFileAtomic(join(pgdata, "server.key"), key, { mode: privateMode, owner });
    await writeFileAtomic(join(pgdata, "server.crt"), chain, { mode: privateMode, owner });
    return null;
  } catch (error) {
    signal.throwIfAborted();
    return describeError(error);
  }
}
