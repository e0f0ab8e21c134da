import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { DeadlineError, withDeadline } from "../../base/deadline.ts";
import type { Log } from "../../base/log.ts";
import { fatalMessage } from "../fatal-record.ts";
import { pumpLog } from "./log-pump.ts";
import { waitUntilReady } from "./readiness.ts";

/** How the postmaster ended. */
export interface PostmasterExit {
  /** Null after a signal. */
  readonly code: number | null;
  /** Null after an exit of its own. */
  readonly signal: NodeJS.Signals | null;
  /** `exit status: 0` or `signal: 9 (SIGKILL)` (LIFE-34). */
  readonly text: string;
}

/** A running Postgres server, held as a child until it is gone (LIFE-18). */
export interface Postmaster {
  readonly pid: number;
  /** Resolves when connections are accepted; rejects when the process ends first or takes too long, or the signal fires. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone and its last log record was handed on (T-25); never rejects. */
  readonly exited: Promise<PostmasterExit>;
  /** The newest log records, the oldest first. */
  lastRecords(): readonly string[];
  /** Sends a signal; does nothing once the process is gone. */
  kill(signal: NodeJS.Signals): void;
}

/** What to start, and where its log goes. */
export interface PostmasterStart {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where it runs; default this program's own folder. */
  readonly cwd?: string;
  /** The user to run as; null for this program's own. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  readonly pgdata: string;
  /** Takes the log records of one read together. Must not throw. */
  readonly onRecords: (records: readonly string[]) => void;
}

/** Times in milliseconds. */
interface PostmasterLimits {
  /** From spawn until connections are accepted (CONF-71). */
  readonly readyMs: number;
  /** From SIGQUIT until SIGKILL. */
  readonly quitMs: number;
  /** From the exit until the last holder of its stderr must have closed it: a backend that outlived a killed postmaster. */
  readonly drainMs: number;
}

const limitsDefault: PostmasterLimits = { readyMs: 60_000, quitMs: 5_000, drainMs: 5_000 };
const recordsKept = 20;

type Child = ChildProcessByStdio<null, null, Readable>;

/** The server's program could not be executed. */
export class PostmasterSpawnError extends Error {
  readonly code = "POSTMASTER_SPAWN";
  constructor(command: string, options: ErrorOptions) {
    super(`cannot start Postgres by ${command}`, options);
    this.name = "PostmasterSpawnError";
  }
}

/**
 * Starts Postgres (LIFE-16): no stdin, our stdout, stderr through the record joiner; in our process group, so that Ctrl-C in
 * a terminal reaches it too. Resolves as soon as the process exists. When `signal` fires, `ready` rejects and the process
 * stays: whoever fired it stops it with {@link stopPostmaster}. Not ready within 60 s, it is ended here (LIFE-17).
 * @throws PostmasterSpawnError when there is no process
 */
export async function startPostmaster(
  start: PostmasterStart,
  context: { readonly log: Log; readonly signal: AbortSignal },
  limits: Partial<PostmasterLimits> = {},
): Promise<Postmaster> {
  const { readyMs, quitMs, drainMs } = { ...limitsDefault, ...limits };
  const records: string[] = [];
  const { pid, child } = await spawnChild(start);
  pumpLog(child.stderr, (arrived) => {
    records.push(...arrived.slice(-recordsKept));
    records.splice(0, records.length - recordsKept);
    start.onRecords(arrived);
  });
  const process = {
    pid,
    exited: watchExit(child, drainMs),
    lastRecords: () => [...records],
    kill: (signal: NodeJS.Signals): void => {
      child.kill(signal);
    },
  };
  const ready = becomeReady(process, start.pgdata, { readyMs, quitMs }, context);
  // The caller may look at it late, or never; a rejection waits for it without ending this program.
  ready.catch(() => {});
  return { ...process, ready };
}

/**
 * Stops Postgres: fast (SIGINT, with a shutdown checkpoint), after `fastMs` at once (SIGQUIT), after `quitMs` more by SIGKILL
 * (T-7). Resolves when it is gone.
 */
export async function stopPostmaster(
  postmaster: Pick<Postmaster, "exited" | "kill">,
  limits: { readonly fastMs: number; readonly quitMs?: number },
  log: Log,
): Promise<PostmasterExit> {
  postmaster.kill("SIGINT");
  if (!(await endsWithin(postmaster, limits.fastMs))) {
    log.warn(`Postgres did not shut down in ${limits.fastMs} ms, sending SIGQUIT`);
    await quitPostmaster(postmaster, log, limits.quitMs);
  }
  return await postmaster.exited;
}

async function spawnChild(start: PostmasterStart): Promise<{ readonly pid: number; readonly child: Child }> {
  const { command, args, env, cwd, owner } = start;
  try {
    const child = spawn(command, args, {
      env,
      stdio: ["ignore", "inherit", "pipe"],
      detached: false,
      ...(cwd === undefined ? {} : { cwd }),
      ...(owner === null ? {} : { uid: owner.uid, gid: owner.gid }),
    });
    await once(child, "spawn");
    // Later errors are signals that could not be sent, to a process that has gone.
    child.on("error", () => {});
    if (child.pid === undefined) throw new Error("the new process has no id");
    return { pid: child.pid, child };
  } catch (cause) {
    throw new PostmasterSpawnError(command, { cause });
  }
}

function watchExit(child: Child, drainMs: number): Promise<PostmasterExit> {
  const { promise, resolve } = Promise.withResolvers<PostmasterExit>();
  let drain: NodeJS.Timeout | undefined;
  child.once("exit", () => {
    drain = setTimeout(() => child.stderr.destroy(), drainMs);
  });
  child.once("close", (code, signal) => {
    clearTimeout(drain);
    resolve({ code, signal, text: exitText(code, signal) });
  });
  return promise;
}

function exitText(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exit status: ${code}` : `signal: ${constants.signals[signal]} (${signal})`;
}

async function becomeReady(
  postmaster: Omit<Postmaster, "ready">,
  pgdata: string,
  limits: Pick<PostmasterLimits, "readyMs" | "quitMs">,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  let state = "unknown";
  const over = new AbortController();
  const noteState = (seen: string): void => {
    state = seen;
  };
  try {
    await withDeadline("the start of Postgres", limits.readyMs, signal, (waiting) => {
      const stop = AbortSignal.any([waiting, over.signal]);
      return Promise.race([waitUntilReady(pgdata, noteState, stop), failOnExit(postmaster)]);
    });
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    log.warn(`Postgres is not ready after ${limits.readyMs} ms, ending it`, { state });
    await quitPostmaster(postmaster, log, limits.quitMs);
    throw new Error("timed out while waiting for Postgres to start");
  } finally {
    over.abort();
  }
}

async function failOnExit(postmaster: Pick<Postmaster, "exited" | "lastRecords">): Promise<never> {
  const { code } = await postmaster.exited;
  const fatal = fatalMessage(postmaster.lastRecords());
  const cause = fatal === undefined ? {} : { cause: new Error(fatal) };
  throw new Error(`Postgres exited unexpectedly with code ${code ?? -1}`, cause);
}

/** A Postgres that can be told to end. */
type Endable = Pick<Postmaster, "kill"> & { readonly exited: Promise<unknown> };

/** Ends Postgres at once, without a checkpoint: SIGQUIT, after `quitMs` SIGKILL. Resolves when it is gone. */
export async function quitPostmaster(
  postmaster: Endable,
  log: Log,
  quitMs: number = limitsDefault.quitMs,
): Promise<void> {
  postmaster.kill("SIGQUIT");
  if (await endsWithin(postmaster, quitMs)) return;
  log.warn(`Postgres did not heed SIGQUIT in ${quitMs} ms, sending SIGKILL`);
  postmaster.kill("SIGKILL");
  await postmaster.exited;
}

async function endsWithin({ exited }: Pick<Endable, "exited">, limitMs: number): Promise<boolean> {
  try {
    await withDeadline("the end of Postgres", limitMs, new AbortController().signal, () => exited);
    return true;
  } catch (error) {
    if (error instanceof DeadlineError) return false;
    throw error;
  }
}
