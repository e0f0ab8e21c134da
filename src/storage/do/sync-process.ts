import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { type Lsn, parseLsn } from "../../base/lsn.ts";
import type { Owner } from "../../base/owner.ts";
import { CannotRunError, StockPostgresCannotSync } from "../errors.ts";
import { syncPausesMs } from "../retry.ts";
import { withRetries } from "./retrying.ts";

/** How to run `postgres --sync-safekeepers` (SK-20). */
export interface SyncCommand {
  readonly pgbin: string;
  /** Holds a postgresql.conf, which the process reads (SK-21). */
  readonly pgdata: string;
  /** What the child inherits, without this program's secrets (LIFE-62); PGDATA and the token come on top. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly token: string | null;
  readonly owner: Owner | null;
  /** The memory group that Postgres goes into on a VM (LIFE-61); else null. */
  readonly memoryCgroup: string | null;
  /** Why the quorum check did not do, for the error of a Postgres that cannot settle it; null when it was not made. */
  readonly doubt: string | null;
}

/** What a sync touches besides the process. */
export interface SyncPorts {
  readonly log: Log;
  readonly clock: Clock;
  /** Ends the process: SIGTERM, after 5 s SIGKILL (SK-23). */
  readonly signal: AbortSignal;
  /** Takes what the process writes to stderr, piece by piece. */
  readonly onStderr: (chunk: Buffer) => void;
  /** Told before each try but the first. */
  readonly onRetry?: () => void;
}

/** Where the safekeepers now agree that the WAL ends, and how long the successful run took (BASE-72). */
export interface SyncReport {
  readonly lsn: Lsn;
  readonly durationMs: number;
}

const killAfterMs = 5000;
/** An LSN has at most 17 characters; what is more serves the error message. */
const stdoutBytesMax = 4096;
const stderrBytesMax = 16_384;
/** What stock Postgres says; the second one when run as root. */
const stockPostgresPattern =
  /--sync-safekeepers requires a value|"root" execution of the PostgreSQL server is not permitted/;

/**
 * Brings the safekeepers into agreement at start, trying again as SK-24 says. A run has no time limit: without a quorum
 * there is nothing to start from (SK-22).
 * @throws Error `failed to sync safekeepers`, its cause the last run's error, {@link StockPostgresCannotSync} among them;
 * the signal's reason when it fires
 */
export async function syncSafekeepersAtStart(command: SyncCommand, ports: SyncPorts): Promise<SyncReport> {
  const { log, signal, onRetry } = ports;
  try {
    const retrying = { what: "sync safekeepers", pausesMs: syncPausesMs, log, signal, onRetry };
    return await withRetries(retrying, () => syncSafekeepersOnce(command, ports));
  } catch (error) {
    signal.throwIfAborted();
    throw new Error("failed to sync safekeepers", { cause: error });
  }
}

/** One run of the sync, as at the end of a compute; resolves and rejects only when the process is gone. */
export async function syncSafekeepersOnce(command: SyncCommand, ports: SyncPorts): Promise<SyncReport> {
  ports.signal.throwIfAborted();
  const startedMs = ports.clock.monotonicMs();
  const { exit, stdout, stderr } = await runToEnd(command, ports);
  ports.signal.throwIfAborted();
  if (exit !== "exit status: 0") {
    if (stockPostgresPattern.test(stderr)) throw new StockPostgresCannotSync(command.pgbin, command.doubt);
    throw new Error(`postgres --sync-safekeepers exited with non-zero status: ${exit}. stdout: ${stdout}`);
  }
  const lsn = parseLsn(stdout);
  if (lsn === undefined) throw new Error(`postgres --sync-safekeepers printed no LSN but ${JSON.stringify(stdout)}`);
  return { lsn, durationMs: Math.floor(ports.clock.monotonicMs() - startedMs) };
}

interface Ended {
  /** `exit status: 1` or `signal: 15 (SIGTERM)`. */
  readonly exit: string;
  readonly stdout: string;
  readonly stderr: string;
}

function runToEnd(command: SyncCommand, { signal, onStderr }: SyncPorts): Promise<Ended> {
  const { pgbin, pgdata, env, token, owner, memoryCgroup } = command;
  const group = memoryCgroup === null ? [] : ["cgexec", "-g", `memory:${memoryCgroup}`];
  const [file, ...args] = [...group, pgbin, "--sync-safekeepers"];
  const child = spawn(file ?? pgbin, args, {
    env: { ...env, PGDATA: pgdata, ...(token === null ? {} : { NEON_AUTH_TOKEN: token }) },
    stdio: ["inherit", "pipe", "pipe"],
    ...(owner ?? {}),
  });
  const stdout = new Head(stdoutBytesMax);
  const stderr = new Head(stderrBytesMax);
  child.stdout.on("data", (chunk: Buffer) => stdout.add(chunk));
  child.stderr.on("data", (chunk: Buffer) => {
    stderr.add(chunk);
    onStderr(chunk);
  });
  let killTimer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill("SIGTERM");
    killTimer = setTimeout(() => {
      child.kill("SIGKILL");
      // A child of the child may hold the pipes; without this the wait for their end could last for ever.
      child.stdout.destroy();
      child.stderr.destroy();
    }, killAfterMs);
  };
  signal.addEventListener("abort", stop, { once: true });
  const ended = Promise.withResolvers<Ended>();
  child.on("error", (cause) => {
    if (child.pid === undefined) ended.reject(new CannotRunError(file ?? pgbin, { cause }));
  });
  child.on("close", (code, signalName) => {
    ended.resolve({ exit: exitText(code, signalName), stdout: stdout.text(), stderr: stderr.text() });
  });
  return ended.promise.finally(() => {
    clearTimeout(killTimer);
    signal.removeEventListener("abort", stop);
  });
}

function exitText(code: number | null, signalName: NodeJS.Signals | null): string {
  return signalName === null ? `exit status: ${code}` : `signal: ${constants.signals[signalName]} (${signalName})`;
}

/** Keeps the first bytes of a stream. */
class Head {
  readonly #bytesMax: number;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(chunk: Buffer): void {
    const piece = chunk.subarray(0, this.#bytesMax - this.#bytes);
    this.#bytes += piece.length;
    this.#pieces.push(piece);
  }

  text(): string {
    return Buffer.concat(this.#pieces).toString("utf8");
  }
}
