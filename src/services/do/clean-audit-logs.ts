import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { sleep } from "../../base/deadline.ts";
import { describeError, errorCode } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { auditFileFate, isAuditFile, parseReadState, type ShippedBytes } from "../audit-files.ts";

/** What the cleaner looks at, and whom it tells. */
export interface AuditCleaning {
  /** `PGDATA/log`. */
  readonly folder: string;
  /** Where rsyslogd keeps how far it has read. */
  readonly stateFolder: string;
  readonly log: Log;
  /** Told the summed size of the folder's logs, in bytes (SVC-35). */
  readonly onSize: (bytes: number) => void;
  readonly now: () => Date;
}

const intervalMs = 60_000;
/** A state file of rsyslogd's has a few hundred bytes and at most one unfinished record. */
const stateBytesMax = 1_048_576;

/** Cleans the audit logs now and once a minute (SVC-35) until the signal fires. Never rejects. */
export async function keepAuditLogsClean(cleaning: AuditCleaning, signal: AbortSignal): Promise<void> {
  const clean = createAuditCleaner(cleaning);
  while (!signal.aborted) {
    await clean();
    await sleep(intervalMs, signal).catch(() => {});
  }
}

/**
 * Makes the function that removes audit files that are finished with and measures the rest; what it warned of once, it does not
 * repeat. The function never rejects.
 */
export function createAuditCleaner({ folder, stateFolder, log, onSize, now }: AuditCleaning): () => Promise<void> {
  const told = new Set<string>();
  const warnOnce = (key: string, message: string): void => {
    if (!told.has(key)) log.warn(message);
    told.add(key);
  };

  async function clean(): Promise<void> {
    const shipped = await readShipped(stateFolder);
    if (shipped === undefined)
      warnOnce(stateFolder, `cannot tell which audit logs are shipped: ${stateFolder} cannot be read`);
    for (const { parentPath, name } of await filesOf(folder)) {
      if (isAuditFile(name)) await look(join(parentPath, name), shipped);
    }
  }

  async function look(path: string, shipped: ShippedBytes): Promise<void> {
    const found = await stat(path).catch(() => null);
    if (found === null) return;
    const bytes = found.size;
    switch (auditFileFate({ path, bytes, idleMs: now().getTime() - found.mtimeMs }, shipped)) {
      case "keep":
        return;
      case "alarm":
        warnOnce(path, `the audit log ${path} is finished, but not shipped; it is kept for an hour at most`);
        return;
      case "lose":
        log.error(`the audit log ${path} was not shipped within an hour and is removed`, { bytes });
        break;
      case "remove":
        break;
    }
    told.delete(path);
    await rm(path, { force: true });
  }

  async function measure(): Promise<void> {
    try {
      onSize(await sizeOfLogs(folder));
      told.delete(folder);
    } catch (error) {
      onSize(0);
      warnOnce(folder, `cannot measure the audit logs: ${describeError(error)}`);
    }
  }

  return async () => {
    try {
      await clean();
    } catch (error) {
      log.warn(`could not clean the audit logs: ${describeError(error)}`);
    }
    await measure();
  };
}

async function filesOf(folder: string) {
  try {
    return (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Plain files directly in the folder whose name ends in `log`. */
async function sizeOfLogs(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const logs = entries.filter((entry) => entry.isFile() && entry.name.endsWith("log"));
  const sizes = await Promise.all(
    logs.map(({ name }) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function readShipped(stateFolder: string): Promise<ShippedBytes> {
  try {
    const names = (await readdir(stateFolder)).filter((name) => name.startsWith("imfile-state:"));
    const shipped = new Map<string, number>();
    const room = Buffer.allocUnsafe(stateBytesMax);
    // One after the other: there may be as many as there ever were audit files, each with a claim to as much memory.
    for (const name of names) {
      const state = parseReadState(await readHead(join(stateFolder, name), room));
      if (state !== undefined) shipped.set(state.path, state.bytes);
    }
    return shipped;
  } catch {
    return undefined;
  }
}

/** The beginning of a file, as much of it as there is room for. */
async function readHead(path: string, room: Buffer): Promise<string> {
  const file = await open(path, "r");
  try {
    const { bytesRead } = await file.read(room, 0, room.length, 0);
    return room.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
