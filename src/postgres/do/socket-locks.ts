import { readFile, rm } from "node:fs/promises";
import { describeError, errorCode } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { type LockHolder, lockedBy, staleness } from "../socket-lock.ts";

/** Removes lock files that a Postgres left behind and that would keep the next one from starting (FIELD-4), with a warning each. */
export async function removeStaleSocketLocks(paths: readonly string[], log: Log): Promise<void> {
  await Promise.all(
    paths.map(async (path) => {
      const pid = lockedBy(await readFile(path, "utf8").catch(() => ""));
      const why = pid === undefined ? undefined : staleness(await holder(pid));
      if (why === undefined) return;
      try {
        await rm(path, { force: true });
        log.warn(`removed ${path}, which an earlier Postgres left behind: ${why}`, { pid });
      } catch (error) {
        log.warn(`cannot remove ${path}, which an earlier Postgres left behind (${why}): ${describeError(error)}`, {
          pid,
        });
      }
    }),
  );
}

async function holder(pid: number): Promise<LockHolder> {
  const program = await readFile(`/proc/${pid}/comm`, "utf8").then(
    (text) => text.trim(),
    () => null,
  );
  try {
    process.kill(pid, 0);
    return { isAlive: true, program };
  } catch (error) {
    // Somebody else's process is alive.
    return { isAlive: errorCode(error) !== "ESRCH", program };
  }
}
