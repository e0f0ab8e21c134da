import { readdir, readFile } from "node:fs/promises";
import { errorCode } from "../../base/error-chain.ts";
import { parsePid } from "../pid-file.ts";
import { readText } from "./replace-file.ts";

/** A process that is not mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in the kernel's ticks. */
  readonly startTicks: string;
}

/** The process of a pid, if it runs the program of that name (SVC-T8); a zombie does not run. */
async function findProcess(pid: number, program: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name is in brackets, and may hold brackets and blanks itself.
  const [open, close] = [text.indexOf("("), text.lastIndexOf(")")];
  const [state, ...rest] = text.slice(close + 2).split(" ");
  const startTicks = rest[18];
  if (open < 0 || text.slice(open + 1, close) !== program || startTicks === undefined) return undefined;
  return state === "Z" || state === "X" ? undefined : { pid, startTicks };
}

/** The process that a pid file names, if it runs the program of that name. */
export async function findByPidFile(path: string, program: string): Promise<ProcessIdentity | undefined> {
  const pid = parsePid((await readText(path)) ?? "");
  return pid === undefined ? undefined : findProcess(pid, program);
}

/**
 * All processes of this machine that run the program of that name.
 * @throws Error when there is no `/proc` to look into
 */
export async function findByName(program: string): Promise<readonly ProcessIdentity[]> {
  const names = await readdir("/proc");
  const found = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((name) => findProcess(Number(name), program)),
  );
  return found.filter((process) => process !== undefined);
}

/** Sends a signal; false when the process is gone. @throws Error when it may not be sent */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
    throw new Error(`cannot send ${signal} to process ${pid}`, { cause: error });
  }
}
