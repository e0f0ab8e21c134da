import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { withDeadline } from "../../src/base/deadline.ts";
import { once as firstTime } from "../../src/base/once.ts";
import { signalIfAlive } from "../../src/standin/demo/signal.ts";
import type { OsUser } from "../../src/standin/os-user.ts";

/** A program that runs and writes a log to its stderr. Moments are those of `performance.now()`. */
export interface Launched {
  readonly pid: number;
  readonly launchedAt: number;
  /** When the first line of its log that matches arrived. Rejects when it ends first, with the end of its log. */
  lineSeen(pattern: RegExp, signal: AbortSignal): Promise<number>;
  /** Ends it by `signal`, later by SIGKILL. Resolves when it is gone; rejects when it had to be killed. */
  stop(): Promise<void>;
}

export interface LaunchOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Whom to run it as; null for ourselves. */
  readonly runAs: OsUser | null;
  readonly cwd: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stopSignal: NodeJS.Signals;
}

interface Line {
  readonly text: string;
  readonly at: number;
}

const lineMsMax = 60_000;
const stopMsMax = 9_000;
const linesShown = 10;

/**
 * Starts a program. Its lines are taken as they come, so nothing is polled. It leads a process group of its own, so that
 * Ctrl-C reaches only us.
 */
export function launch({ command, args, runAs, cwd, env = {}, stopSignal }: LaunchOptions): Launched {
  const credentials = runAs === null ? {} : { uid: runAs.uid, gid: runAs.gid };
  const launchedAt = performance.now();
  const child = spawn(command, args, {
    ...credentials,
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "exit");
  // Whoever waits for a line or for the end is told.
  ended.catch(() => {});
  const lines: Line[] = [];
  const waiting = new Set<(line: Line) => void>();
  createInterface(child.stderr).on("line", (text) => {
    const line = { text, at: performance.now() };
    lines.push(line);
    for (const listener of waiting) listener(line);
  });

  async function endEarly(): Promise<never> {
    const [code, signal] = await ended;
    const last = lines.slice(-linesShown).map(({ text }) => text);
    throw new Error([`${command} ended too early, with ${signal ?? `exit code ${code}`}`, ...last].join("\n"));
  }

  return {
    pid: child.pid ?? Number.NaN,
    launchedAt,
    async lineSeen(pattern, signal) {
      const earlier = lines.find(({ text }) => pattern.test(text));
      if (earlier !== undefined) return earlier.at;
      const { promise, resolve } = Promise.withResolvers<number>();
      const listener = ({ text, at }: Line): void => {
        if (pattern.test(text)) resolve(at);
      };
      waiting.add(listener);
      try {
        const seen = Promise.race([promise, endEarly()]);
        return await withDeadline(`waiting for ${pattern} of ${command}`, lineMsMax, signal, () => seen);
      } finally {
        waiting.delete(listener);
      }
    },
    stop: firstTime(async () => {
      if (child.pid === undefined) return;
      child.kill(stopSignal);
      const late = delay(stopMsMax, "late" as const, { ref: false });
      const wasLate = (await Promise.race([ended, late])) === "late";
      signalIfAlive(-child.pid, "SIGKILL");
      await ended;
      if (wasLate) throw new Error(`${command} did not end within ${stopMsMax} ms of ${stopSignal}`);
    }),
  };
}
