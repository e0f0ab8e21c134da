import { execFile } from "node:child_process";
import { chown, mkdir, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { Owner } from "../../base/owner.ts";
import type { PostgresInstallation } from "../installation.ts";
import { quitPostmaster, startPostmaster } from "./postmaster.ts";

const run = promisify(execFile);

const initdbMsMax = 60_000;

/** What to warm up with. */
export interface WarmUp {
  readonly installation: PostgresInstallation;
  /** A folder of its own beside this one is used, and removed again. */
  readonly pgdata: string;
  readonly owner: Owner | null;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Runs initdb and a Postgres for a moment (LIFE-4), so that binaries and memory are faulted in when a spec comes. It
 * listens on a socket in its own folder only. Its failures are logged and hurt nobody; a spec that arrives cuts it short. Never rejects.
 */
export async function warmUp(input: WarmUp, { log, signal }: { log: Log; signal: AbortSignal }): Promise<void> {
  const folder = `${input.pgdata}.warmup`;
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    if (input.owner !== null) await chown(folder, input.owner.uid, input.owner.gid);
    await initdb(input, folder, signal);
    await runBriefly(input, folder, log, signal);
    log.info("warmed Postgres up");
  } catch (error) {
    if (!signal.aborted) log.warn(`could not warm Postgres up: ${describeError(error)}`);
  }
  // A server that initdb had just begun may write a little longer than initdb lives.
  await rm(folder, { recursive: true, force: true, maxRetries: 10 }).catch((error: unknown) => {
    log.warn(`could not remove ${folder}: ${describeError(error)}`);
  });
}

async function initdb({ installation, owner, env }: WarmUp, folder: string, signal: AbortSignal): Promise<void> {
  const running = run(`${installation.bindir}/initdb`, ["--no-sync", "--pgdata", folder], {
    cwd: folder,
    env,
    signal,
    timeout: initdbMsMax,
    ...(owner === null ? {} : { uid: owner.uid, gid: owner.gid }),
  });
  const { child } = running;
  const gone = new Promise<void>((resolve) => child.once("close", resolve).once("error", resolve));
  try {
    await running;
  } finally {
    // When it is called off, the promise does not wait for the process.
    await gone;
  }
}

async function runBriefly(input: WarmUp, folder: string, log: Log, signal: AbortSignal): Promise<void> {
  const lines = [
    "shared_buffers = 65536",
    "listen_addresses = ''",
    `unix_socket_directories = '${folder.replaceAll("'", "''")}'`,
    ...(input.installation.hasLibrary("neon") ? ["shared_preload_libraries = 'neon'"] : []),
  ];
  await writeFile(`${folder}/postgresql.conf`, `${lines.join("\n")}\n`);
  const postmaster = await startPostmaster(
    {
      command: input.installation.pgbin,
      args: ["-D", folder],
      env: input.env,
      cwd: folder,
      owner: input.owner,
      pgdata: folder,
      onRecords: () => {},
    },
    { log, signal },
  );
  try {
    await postmaster.ready;
  } finally {
    await quitPostmaster(postmaster, log);
  }
}
