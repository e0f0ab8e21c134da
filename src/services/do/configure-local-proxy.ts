import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { describeError, errorCode } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { isLocked } from "../file-lock.ts";
import { parsePid } from "../pid-file.ts";
import { ServiceError } from "../service-error.ts";
import { sendSignal } from "./processes.ts";
import { readText, replaceFile } from "./replace-file.ts";

/** Where local_proxy's files are. */
export interface LocalProxyPorts {
  readonly log: Log;
  readonly config: string;
  readonly pidFile: string;
}

/** local_proxy's folder does not exist: it is not installed here (SVC-70). */
export class LocalProxyMissingError extends ServiceError {
  constructor(folder: string, options: ErrorOptions) {
    super("local_proxy", `local_proxy is not installed: there is no ${folder}`, options);
    this.name = "LocalProxyMissingError";
  }
}

/**
 * Writes local_proxy's config file and has a running one read it (SVC-20); one that starts later reads it by itself.
 * @throws LocalProxyMissingError; ServiceError when the file cannot be written or the process not be told
 */
export async function configureLocalProxy(text: string, { log, config, pidFile }: LocalProxyPorts): Promise<void> {
  try {
    if ((await readText(config)) !== text) await replaceFile(config, text);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") throw new LocalProxyMissingError(dirname(config), { cause });
    throw new ServiceError("local_proxy", `cannot write ${config}`, { cause });
  }
  const pid = await lockHolder(pidFile);
  if (pid === undefined) log.info("local_proxy does not run yet; it reads its config when it starts");
  else if (sendSignal(pid, "SIGHUP")) log.info("local_proxy was told to read its config again", { pid });
}

/** Ends a local_proxy that runs (SVC-60). Never rejects. */
export async function stopLocalProxy({ log, pidFile }: Omit<LocalProxyPorts, "config">): Promise<void> {
  try {
    const pid = await lockHolder(pidFile);
    if (pid !== undefined && sendSignal(pid, "SIGTERM")) log.info("local_proxy was told to end", { pid });
  } catch (error) {
    log.warn(`could not end local_proxy: ${describeError(error)}`);
  }
}

/** The pid in a pid file that some process holds the lock of; undefined when none does. Taking the lock would disturb it (SVC-22). */
async function lockHolder(pidFile: string): Promise<number | undefined> {
  const pid = parsePid((await readText(pidFile)) ?? "");
  if (pid === undefined) return undefined;
  const locks = await readText("/proc/locks");
  if (locks === null)
    throw new ServiceError("local_proxy", "cannot tell whether local_proxy runs: there is no /proc/locks");
  const { dev: device, ino: inode } = await stat(pidFile, { bigint: true });
  return isLocked(locks, { device, inode }, pid) ? pid : undefined;
}
