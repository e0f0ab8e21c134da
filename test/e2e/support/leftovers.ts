import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { signalIfAlive } from "../../../src/standin/demo/signal.ts";

/** How long the last processes may take to go after their parent: backends notice the end of their postmaster. */
const leaveMsMax = 2_000;
const pollMs = 20;

/** A process that works in a folder or names it on its command line. */
export interface FolderProcess {
  readonly pid: number;
  readonly command: string;
}

/** Every process, except this one, that has to do with a folder. */
export function processesOf(folder: string): readonly FolderProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => {
      const command = look(() => readFileSync(`/proc/${name}/cmdline`, "utf8"));
      const cwd = look(() => readlinkSync(`/proc/${name}/cwd`));
      return { pid: Number(name), command: command.replaceAll("\0", " ").trim(), cwd };
    })
    .filter(({ command, cwd }) => command.includes(folder) || cwd.startsWith(folder));
}

/** Waits until no process has to do with a folder, kills those that stay, and returns them. */
export async function endLeftProcesses(folder: string): Promise<readonly FolderProcess[]> {
  for (let waited = 0; waited < leaveMsMax && processesOf(folder).length > 0; waited += pollMs) await delay(pollMs);
  const left = processesOf(folder);
  for (const { pid } of left) signalIfAlive(pid, "SIGKILL");
  return left;
}

/** What /proc says; nothing when the process is gone or somebody else's. */
function look(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
