import { readFile, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errorCode } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { postmasterPid } from "../pidfile.ts";
import { quitPostmaster } from "./postmaster.ts";

const pollMs = 20;

/**
 * Ends the Postgres that still runs in a data directory because whoever started it was killed. It would hold its port, and
 * go on writing, after its directory has been replaced: Postgres itself notices that only within a minute. Where there is
 * no /proc to tell that a process is this Postgres, none is touched.
 * @throws Error when there is such a Postgres and it cannot be signalled
 */
export async function endLeftoverPostmaster(pgdata: string, log: Log): Promise<void> {
  const pid = await findPostmaster(pgdata);
  if (pid === undefined) return;
  log.warn("a Postgres of an earlier start still runs in the data directory, ending it", { pid });
  const leftover = { exited: untilGone(pgdata, pid), kill: (signal: NodeJS.Signals) => signalTo(pid, signal) };
  await quitPostmaster(leftover, log);
}

/** The process of the pid file, if it really works in the directory: a number alone may be anyone's by now. */
async function findPostmaster(pgdata: string): Promise<number | undefined> {
  const pid = postmasterPid(await unlessGone(readFile(join(pgdata, "postmaster.pid"), "utf8")));
  if (pid === undefined) return undefined;
  const [works, folder] = await Promise.all([unlessGone(readlink(`/proc/${pid}/cwd`)), unlessGone(realpath(pgdata))]);
  return works !== "" && works === folder ? pid : undefined;
}

/** It is not our child, so that its end can only be looked for. A process that has ended works nowhere. */
async function untilGone(pgdata: string, pid: number): Promise<void> {
  const folder = await unlessGone(realpath(pgdata));
  while ((await unlessGone(readlink(`/proc/${pid}/cwd`))) === folder) await delay(pollMs);
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return;
    throw new Error(`cannot end process ${pid}, a Postgres that still runs in the data directory; end it yourself`, {
      cause: error,
    });
  }
}

/** What is not there, no directory, or somebody else's is no Postgres of ours. */
async function unlessGone(reading: Promise<string>): Promise<string> {
  try {
    return await reading;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ESRCH", "EACCES", "ELOOP"].includes(errorCode(error) ?? "")) return "";
    throw error;
  }
}
