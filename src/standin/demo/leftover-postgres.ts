import { readFile, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errorCode } from "../../base/error-chain.ts";
import { signalIfAlive } from "./signal.ts";

const quitMsMax = 500;
const pollMs = 20;

/** Ends the Postgres that runs in a data directory when its compute is gone and did not end it. */
export async function endLeftoverPostgres(pgdata: string): Promise<void> {
  const pid = await findPostmaster(pgdata);
  if (pid === undefined) return;
  for (const signal of ["SIGQUIT", "SIGKILL"] as const) {
    signalIfAlive(pid, signal);
    for (let waited = 0; waited < quitMsMax; waited += pollMs) {
      if ((await findPostmaster(pgdata)) !== pid) return;
      await delay(pollMs);
    }
  }
}

/** The pid in `postmaster.pid`, if that process really works in the directory. */
async function findPostmaster(pgdata: string): Promise<number | undefined> {
  try {
    const [line = ""] = (await readFile(join(pgdata, "postmaster.pid"), "utf8")).split("\n");
    const workingDirectory = await readlink(`/proc/${Number(line)}/cwd`);
    return workingDirectory === (await realpath(pgdata)) ? Number(line) : undefined;
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}
