import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { Agent } from "node:http";
import { join } from "node:path";
import { sleep } from "../../src/base/deadline.ts";
import { withScope } from "../../src/base/scope.ts";
import { endLeftoverPostgres } from "../../src/standin/demo/leftover-postgres.ts";
import { pickPort } from "../../src/standin/demo/ports.ts";
import { preferredPorts, sourcesCtl, type World } from "./bench-world.ts";
import { withNothingToMake } from "./cold/config.ts";
import { type Api, ask } from "./http-request.ts";
import { type Launched, launch } from "./launch.ts";
import { log } from "./log.ts";
import type { Measurements } from "./measures.ts";
import { readMemory } from "./process-memory.ts";
import { longestGap } from "./status-poller.ts";

/** A compute that runs, or starts. */
export interface ComputeRun {
  readonly compute: Launched;
  readonly api: Api;
  readonly pgdata: string;
}

export const listening = / external HTTP server listening at /;
export const running = /Changing compute status from \S+ to running$/;
/** How long a compute is left alone before its memory counts as idle. */
export const idleAfterMs = 6_000;

/** A start from exec to `running`: the phases by its own account, the memory, and the postgresql.conf it wrote. */
export async function measureStart(
  world: World,
): Promise<{ readonly measured: Measurements; readonly postgresqlConf: string }> {
  return withCompute(world, world.config, async ({ compute, api, pgdata }) => {
    await compute.lineSeen(listening, world.signal);
    await ask(api, "/status", world.signal);
    const statusAnswerMs = performance.now() - compute.launchedAt;
    const runningMs = (await compute.lineSeen(running, world.signal)) - compute.launchedAt;
    const phases = phasesOf(await ask(api, "/metrics.json", world.signal));
    await sleep(idleAfterMs, world.signal);
    const { VmHWM: peakKib, VmRSS: idleKib } = await readMemory(compute.pid);
    const postgresqlConf = await readFile(join(pgdata, "postgresql.conf"), "utf8");
    return { measured: { statusAnswerMs, runningMs, ...phases, peakKib, idleKib }, postgresqlConf };
  });
}

/** The same without a pause, and without anything to make. */
export async function measurePlainStart(world: World): Promise<Measurements> {
  return withCompute(world, withNothingToMake(world.config), async ({ compute }) => ({
    plainRunningMs: (await compute.lineSeen(running, world.signal)) - compute.launchedAt,
  }));
}

/** How long a compute that waits for a spec takes from `/configure` to its answer. */
export async function measureConfigure(world: World): Promise<Measurements> {
  const empty = JSON.stringify({ spec: null, compute_ctl_config: { jwks: world.jwks } });
  return withCompute(world, empty, async ({ compute, api }) => {
    await compute.lineSeen(listening, world.signal);
    // The first request with a token loads what checks it; here it is the second one that counts.
    await ask(api, "/status", world.signal);
    const beganAt = performance.now();
    await ask(api, "/configure", world.signal, world.config);
    return { configureMs: performance.now() - beganAt };
  });
}

/** How long a start leaves a client without an answer. A run of its own, because the requests slow the start down. */
export async function measureLongestGap(world: World): Promise<Measurements> {
  return withCompute(world, world.config, async ({ compute, api }) => {
    await compute.lineSeen(listening, world.signal);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      return { longestGapMs: await longestGap({ ...api, agent }, world.signal) };
    } finally {
      agent.destroy();
    }
  });
}

/** What a compute gets besides the usual. */
export interface ComputeExtras {
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Not the executable but the sources, into which a probe can be loaded. */
  readonly fromSources?: boolean;
}

/** Runs `work` beside a new compute_ctl, which is stopped afterwards. */
export async function withCompute<T>(
  world: World,
  config: string,
  work: (run: ComputeRun) => Promise<T>,
  { env = {}, args: more = [], fromSources = false }: ComputeExtras = {},
): Promise<T> {
  return withScope(log, async (onExit) => {
    const folder = await mkdtemp(join(world.folder, "compute-"));
    await chmod(folder, 0o755);
    const pgdata = join(folder, "pgdata");
    const configFile = join(folder, "config.json");
    await writeFile(configFile, config, { mode: 0o600 });
    const [port, internalPort] = [await pickPort(preferredPorts.external), await pickPort(preferredPorts.internal)];
    const { bindir, runAs } = world.storage.postgres;
    const args = [
      ["--pgdata", pgdata],
      ["--connstr", `postgresql://cloud_admin@127.0.0.1:${world.postgresPort}/postgres`],
      ["--pgbin", join(bindir, "postgres")],
      ["--compute-id", "bench"],
      ["--dev"],
      ["--config", configFile],
      ["--external-http-port", String(port)],
      ["--internal-http-port", String(internalPort)],
      // A start that fails is to be told at once.
      ["--terminate-linger", "0"],
      ...(runAs === null ? [] : [["--postgres-user", runAs.name]]),
      more,
    ].flat();
    const command = fromSources ? sourcesCtl : world.computeCtl;
    const compute = launch({ command, args, runAs: null, cwd: folder, env, stopSignal: "SIGTERM" });
    onExit("end the compute's Postgres", () => endLeftoverPostgres(pgdata));
    onExit("stop compute_ctl", compute.stop);
    return await work({ compute, pgdata, api: { port, token: world.token } });
  });
}

/** The phases that `/metrics.json` tells (HTTP-34). */
function phasesOf(metrics: unknown): Measurements {
  const figures = new Map<string, unknown>(Object.entries(metrics ?? {}));
  const figure = (name: string): number => {
    const value = figures.get(name);
    if (typeof value !== "number") throw new Error(`/metrics.json has no ${name}`);
    return value;
  };
  return {
    quorumMs: figure("sync_sk_check_ms"),
    connectMs: figure("pageserver_connect_micros") / 1000,
    basebackupMs: figure("basebackup_ms"),
    postgresReadyMs: figure("start_postgres_ms"),
    catalogMs: figure("config_ms"),
    totalMs: figure("total_startup_ms"),
  };
}
