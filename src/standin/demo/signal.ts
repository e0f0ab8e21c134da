import { errorCode } from "../../base/error-chain.ts";

/** Signals a process, or a process group (a negative number); one that is gone already is fine. */
export function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}
