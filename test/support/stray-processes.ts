import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** How long the processes of a finished test file may take to go by themselves. */
const leaveMsMax = 2_000;

/**
 * Ends every process that still has `mark` (`NAME=value`) in its environment: asked first, killed when it stays.
 * Returns the command lines of those that had not gone by themselves.
 */
export async function endStrayProcesses(mark: string): Promise<readonly string[]> {
  const left = await waitUntilGone(mark);
  for (const { pid } of left) signal(pid, "SIGTERM");
  for (const { pid } of left.length === 0 ? [] : await waitUntilGone(mark)) signal(pid, "SIGKILL");
  return left.map(({ command }) => command);
}

interface Marked {
  readonly pid: number;
  readonly command: string;
}

async function waitUntilGone(mark: string): Promise<readonly Marked[]> {
  const giveUpAt = performance.now() + leaveMsMax;
  let left = markedProcesses(mark);
  while (left.length > 0 && performance.now() < giveUpAt) {
    await delay(50);
    left = markedProcesses(mark);
  }
  return left;
}

function markedProcesses(mark: string): readonly Marked[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && readProc(`/proc/${name}/environ`).split("\0").includes(mark))
    .map((name) => ({ pid: Number(name), command: readProc(`/proc/${name}/cmdline`).replaceAll("\0", " ").trim() }));
}

/** The text of a file in /proc; empty when the process is gone or belongs to someone else. */
function readProc(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It went in the meantime.
  }
}
