import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "../../base/error-chain.ts";
import type { HostPaths } from "../host-paths.ts";
import type { RsyslogWish } from "../rsyslog.ts";
import { ServiceError } from "../service-error.ts";
import { readText, replaceFile } from "./replace-file.ts";

/** rsyslogd's two files, and how it is made to read them. */
export interface RsyslogPorts {
  readonly paths: Pick<HostPaths, "auditConf" | "exportConf">;
  /** Restarts rsyslogd, and waits until a new one runs. */
  readonly restart: (signal: AbortSignal) => Promise<void>;
}

/**
 * Makes the function that brings rsyslogd to what is wished (SVC-31, SVC-40): both files first, then one restart for both
 * (SVC-T6), and none when nothing changed. A file that is not wished for any more is removed (SVC-T7). The first wish for audit
 * records always restarts, as they are a promise; a restart that failed is owed until one works.
 * The function throws ServiceError when a file cannot be written, and what `restart` throws.
 */
export function createRsyslogConfigurator({ paths, restart }: RsyslogPorts) {
  let auditKnown = false;
  let owesRestart = false;
  return async (wish: RsyslogWish, { signal }: { readonly signal: AbortSignal }): Promise<void> => {
    if (await bring(paths.auditConf, wish.audit)) owesRestart = true;
    if (await bring(paths.exportConf, wish.export)) owesRestart = true;
    if (wish.audit !== null && !auditKnown) owesRestart = true;
    if (!owesRestart) return;
    await restart(signal);
    owesRestart = false;
    auditKnown = wish.audit !== null;
  };
}

/** Whether a file had to be changed to have this text, or for null, to be gone. */
async function bring(path: string, text: string | null): Promise<boolean> {
  try {
    if ((await readText(path)) === text) return false;
    if (text === null) await rm(path, { force: true });
    else await replaceFile(path, text);
    return true;
  } catch (cause) {
    const folder = dirname(path);
    const missing = errorCode(cause) === "ENOENT" ? `rsyslog is not installed: there is no ${folder}` : undefined;
    throw new ServiceError("rsyslog", missing ?? `cannot write ${path}`, { cause });
  }
}
