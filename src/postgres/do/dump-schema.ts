import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { DeadlineError } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { Owner } from "../../base/owner.ts";
import type { Connstr } from "../connstr.ts";
import { canBeDatabase, dumpCommand, type SchemaDump, saysNoSuchDatabase } from "../schema-dump.ts";
import { createSlots, type Free, type Slots } from "./slots.ts";

/** What stays the same for every dump. */
export interface DumpFacts {
  /** The folder of the installation's programs. */
  readonly bindir: string;
  readonly connstr: Connstr;
  /** What children inherit. */
  readonly environment: Readonly<Record<string, string>>;
  /** The user to run as; null for this program's own. */
  readonly owner: Owner | null;
  /** Told of each session with a database; the result is called when it is over. */
  readonly onSession?: (database: string) => () => void;
}

/** Times in milliseconds. */
export interface DumpLimits {
  /** Dumps at the same time. */
  readonly atOnce: number;
  /** Dumps that wait for their turn; one more fails at once. */
  readonly waiting: number;
  /** From the request to the last byte. */
  readonly totalMs: number;
  /** From SIGTERM, at which pg_dump cancels what it does on the server, to SIGKILL. */
  readonly killMs: number;
}

const limitsDefault: DumpLimits = { atOnce: 2, waiting: 16, totalMs: 600_000, killMs: 1_000 };
/** What is kept of stderr to tell why a dump failed. */
const stderrCharsMax = 16_384;

/** Dumps the schema of a database (CAT-2, HTTP-66); `signal` ends it at any time. Never rejects. */
export type DumpSchema = (database: string, signal: AbortSignal) => Promise<SchemaDump>;

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Makes the function that dumps schemas, a few at a time. */
export function createDumpSchema(facts: DumpFacts, log: Log, limits: Partial<DumpLimits> = {}): DumpSchema {
  const { atOnce, waiting, totalMs, killMs } = { ...limitsDefault, ...limits };
  const slots = createSlots(atOnce, waiting);
  return async (database, signal) => {
    if (!canBeDatabase(database)) return { kind: "no-such-database" };
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(new DeadlineError("pg_dump", totalMs)), totalMs);
    const dump: Dump = {
      facts,
      log,
      killMs,
      slots,
      ending: AbortSignal.any([signal, ending.signal]),
      over: () => clearTimeout(timer),
    };
    try {
      return await begin(dump, database);
    } catch (error) {
      dump.over();
      return { kind: "failed", why: describeError(error) };
    }
  };
}

interface Dump {
  readonly facts: DumpFacts;
  readonly log: Log;
  readonly killMs: number;
  readonly slots: Slots;
  /** Fires when the dump is not wanted any more, or has taken too long. */
  readonly ending: AbortSignal;
  /** Told when nothing of the dump is left. */
  readonly over: () => void;
}

/** A pg_dump that was started. */
interface Running {
  readonly stdout: AsyncIterator<Buffer>;
  /** Resolves when it is gone, to why it failed; undefined when it did its work. */
  readonly gone: Promise<Error | undefined>;
  /** What it wrote to stderr so far, within bounds. */
  stderr(): string;
  end(): void;
}

/** Waits for the first byte, which decides. */
async function begin(dump: Dump, database: string): Promise<SchemaDump> {
  const free = await dump.slots.take(dump.ending);
  const running = await start(dump, database, free);
  const first = await running.stdout.next();
  if (first.done !== true) return { kind: "begun", sql: streamOf(first.value, running) };
  const failure = await running.gone;
  dump.ending.throwIfAborted();
  if (saysNoSuchDatabase(running.stderr())) return { kind: "no-such-database" };
  return { kind: "failed", why: describeError(failure ?? new Error("pg_dump wrote nothing")) };
}

async function start({ facts, log, killMs, ending, over }: Dump, database: string, free: Free): Promise<Running> {
  const ended = facts.onSession?.(database);
  const child = await spawnDump(facts, database).catch((error: unknown) => {
    ended?.();
    free();
    throw error;
  });
  const stderr = keepStderr(child.stderr, log);
  // Whoever reads gets it.
  child.stdout.on("error", () => {});
  const gone = Promise.withResolvers<Error | undefined>();
  let isGone = false;
  let killTimer: NodeJS.Timeout | undefined;
  const end = (): void => {
    if (isGone || killTimer !== undefined) return;
    child.kill("SIGTERM");
    // Unread output would keep it from being gone, as would a child of the child that holds the pipe.
    child.stdout.destroy(endedError(ending));
    killTimer = setTimeout(() => {
      child.kill("SIGKILL");
      child.stderr.destroy();
    }, killMs);
  };
  child.once("close", (code, signal) => {
    isGone = true;
    clearTimeout(killTimer);
    ended?.();
    ending.removeEventListener("abort", end);
    over();
    free();
    gone.resolve(killTimer === undefined ? exitError(code, signal) : endedError(ending));
  });
  ending.addEventListener("abort", end, { once: true });
  if (ending.aborted) end();
  return { stdout: child.stdout[Symbol.asyncIterator](), gone: gone.promise, stderr, end };
}

/** Logs what is written to stderr, and returns what gives its beginning. */
function keepStderr(input: Readable, log: Log): () => string {
  let kept = "";
  createInterface({ input }).on("line", (line) => {
    kept = `${kept}${line}\n`.slice(0, stderrCharsMax);
    log.warn(`pg_dump: ${line}`);
  });
  return () => kept;
}

function endedError(ending: AbortSignal): Error {
  return new Error("pg_dump was ended", { cause: ending.reason });
}

function exitError(code: number | null, signal: NodeJS.Signals | null): Error | undefined {
  if (code === 0) return undefined;
  return new Error(`pg_dump ended with ${signal === null ? `exit status ${code}` : signal}`);
}

async function spawnDump({ bindir, connstr, environment, owner }: DumpFacts, database: string): Promise<Child> {
  const { command, args, env } = dumpCommand(bindir, connstr, database, environment);
  const child = spawn(command, args, {
    env,
    // Some folder that every user may enter.
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
    ...(owner === null ? {} : { uid: owner.uid, gid: owner.gid }),
  });
  await once(child, "spawn");
  // Later errors are signals that could not be sent, to a process that has gone.
  child.on("error", () => {});
  return child;
}

/** The dump from its first bytes on. It is read no faster than the stream is, and its failure is the stream's (T-17). */
function streamOf(first: Buffer, { stdout, gone, end }: Running): Readable {
  async function* wholeDump(): AsyncGenerator<Buffer> {
    yield first;
    for (let part = await stdout.next(); part.done !== true; part = await stdout.next()) yield part.value;
    const failure = await gone;
    if (failure !== undefined) throw failure;
  }
  return Readable.from(wholeDump(), { objectMode: false }).once("close", end);
}
