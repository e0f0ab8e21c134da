import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, mkdtemp, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { withScope } from "../../src/base/scope.ts";
import type { World } from "./bench-world.ts";
import { launch } from "./launch.ts";
import { log } from "./log.ts";
import type { Measurements } from "./measures.ts";

const run = promisify(execFile);
const commandMsMax = 60_000;

/** What the same Node takes for nothing at all, and the memory it takes for next to nothing. */
export async function measureNode({ signal }: World): Promise<Measurements> {
  const limits = { signal, timeout: commandMsMax };
  const beganAt = performance.now();
  await run(process.execPath, ["-e", "0"], limits);
  const nodeMs = performance.now() - beganAt;
  const { stdout } = await run(process.execPath, ["-p", "process.resourceUsage().maxRSS"], limits);
  return { nodeMs, nodePeakKib: Number(stdout) };
}

/** What starts a bare Postgres instead of us: the words before its own command line. */
export interface PostgresStarter {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * What a start cannot do without: the archive unpacked by `tar`, and Postgres on the result, with the settings that
 * compute_ctl writes, until it takes connections.
 */
export async function measureTarAndPostgres(
  world: World,
  postgresqlConf: string,
  starter: PostgresStarter = { words: [], env: {} },
): Promise<{ readonly tarMs: number; readonly postgresMs: number; readonly tarAndPostgresMs: number }> {
  return withScope(log, async (onExit) => {
    const parent = await mkdtemp(join(world.folder, "floor-"));
    const pgdata = join(parent, "pgdata");
    await mkdir(pgdata, { mode: 0o700 });
    const { runAs, bindir } = world.storage.postgres;
    if (runAs !== null) {
      for (const folder of [parent, pgdata]) await chown(folder, runAs.uid, runAs.gid);
    }
    const tarMs = await measureTar(world, world.archiveFile, pgdata);
    const conf = join(pgdata, "postgresql.conf");
    await writeFile(conf, postgresqlConf, { mode: 0o600 });
    if (runAs !== null) await chown(conf, runAs.uid, runAs.gid);

    const [command = "", ...args] = [...starter.words, join(bindir, "postgres"), "-D", pgdata];
    const postgres = launch({
      command,
      args,
      runAs,
      cwd: pgdata,
      env: starter.env,
      stopSignal: "SIGINT",
    });
    onExit("stop the bare Postgres", postgres.stop);
    const readyAt = await postgres.lineSeen(/database system is ready to accept connections/, world.signal);
    const postgresMs = readyAt - postgres.launchedAt;
    return { tarMs, postgresMs, tarAndPostgresMs: tarMs + postgresMs };
  });
}

/** Returns the milliseconds that `tar xzf` takes as Postgres's user. */
export async function measureTar({ storage, signal }: World, archiveFile: string, pgdata: string): Promise<number> {
  const { runAs } = storage.postgres;
  const credentials = runAs === null ? {} : { uid: runAs.uid, gid: runAs.gid };
  const archive = await open(archiveFile);
  try {
    const beganAt = performance.now();
    const tar = spawn("tar", ["xzf", "-"], {
      ...credentials,
      cwd: pgdata,
      stdio: [archive.fd, "inherit", "inherit"],
      signal,
      timeout: commandMsMax,
    });
    const [code] = await once(tar, "exit");
    const tarMs = performance.now() - beganAt;
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`tar xzf ended with exit code ${String(code)}`);
    return tarMs;
  } finally {
    await archive.close();
  }
}
