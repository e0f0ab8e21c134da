import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { once as firstTime } from "../../base/once.ts";
import { endLeftoverPostgres } from "./leftover-postgres.ts";
import { signalIfAlive } from "./signal.ts";

/** A `compute_ctl` that runs as our child. */
export interface ComputeProcess {
  /** Resolves, never rejects, when it is gone: `exit code 1`, `SIGKILL`, or why it could not be started. */
  readonly ended: Promise<string>;
  /** The end of its log. */
  lastLines(): readonly string[];
  /** Ends it, and its Postgres; resolves when both are gone. */
  stop(): Promise<void>;
}

const keptLines = 20;
/** It waits up to 8 s for Postgres (LIFE-36); with what follows, a release of the scope has 10 s. */
const stopMsMax = 8_300;
const lastLinesMsMax = 300;
const worthShowing = / (WARN|ERROR) | (FATAL|PANIC): /;

/**
 * Starts `compute_ctl`. Its log goes to `logFile`, and line by line to `show` as far as it is worth it.
 * It leads a process group of its own: Ctrl-C at a terminal must not reach it besides our signal, for a second signal would
 * make it leave without waiting for its Postgres.
 */
export function startCompute(options: {
  readonly command: string;
  readonly args: readonly string[];
  readonly pgdata: string;
  readonly logFile: string;
  readonly verbose: boolean;
  readonly show: (line: string) => void;
}): ComputeProcess {
  const child = spawn(options.command, options.args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const log = createWriteStream(options.logFile, { mode: 0o600 });
  log.on("error", (error) => options.show(`cannot write the compute's log: ${error.message}`));
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      log.write(`${line}\n`);
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      if (options.verbose || worthShowing.test(line)) options.show(line);
    });
  }
  const ended = endOf(child).finally(() => finished(log.end()).catch(() => {}));
  return {
    ended,
    lastLines: () => lines,
    stop: firstTime(async () => {
      child.kill("SIGTERM");
      await Promise.race([ended, delay(stopMsMax, undefined, { ref: false })]);
      child.kill("SIGKILL");
      await endLeftoverPostgres(options.pgdata);
      // Whatever else it started and did not end itself.
      if (child.pid !== undefined) signalIfAlive(-child.pid, "SIGKILL");
      await ended;
    }),
  };
}

/** How it ended. A process that it left behind may hold its output open, so we wait for the last lines only so long. */
async function endOf(child: ChildProcess): Promise<string> {
  const closed = once(child, "close");
  try {
    const [code, signal] = await once(child, "exit");
    await Promise.race([closed, delay(lastLinesMsMax)]);
    return signal === null ? `exit code ${String(code)}` : String(signal);
  } catch (error) {
    await closed.catch(() => {});
    return String(error);
  }
}
