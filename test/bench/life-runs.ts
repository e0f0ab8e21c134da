import { readFile } from "node:fs/promises";
import { Agent } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { World } from "./bench-world.ts";
import { type ComputeRun, withCompute } from "./compute-runs.ts";
import { ask } from "./http-request.ts";
import type { Measurements } from "./measures.ts";
import { percentile } from "./statistics.ts";

const running = /Changing compute status from \S+ to running$/;
/** In each round; a table of four rounds or more speaks of 10,000 pairs. */
const pairs = 2_500;
const loadRoleCount = 2_000;
/** How often each reconfiguration is made before and while it is measured. */
const repeats = 5;
const probe = fileURLToPath(new URL("./event-loop-probe.ts", import.meta.url));

/**
 * How long a client waits for `/status` and `/metrics.json`, in pairs over one connection, while 2,000 roles are applied
 * again and again; and the longest time in which the program's event loop was kept from everything else meanwhile.
 */
export async function measureLoad(world: World): Promise<Measurements> {
  const lagFile = join(world.folder, "event-loop");
  const env = { NODE_OPTIONS: `--import=${probe}`, BENCH_EVENT_LOOP_FILE: lagFile };
  const work = async ({ compute, api }: ComputeRun): Promise<Measurements> => {
    await compute.lineSeen(running, world.signal);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const latencies: number[] = [];
    let isOver = false;
    const applying = (async () => {
      for (let round = 0; !isOver; round += 1) {
        await ask(api, "/configure", world.signal, withRoles(world.config, round));
      }
    })();
    process.kill(compute.pid, "SIGUSR2");
    try {
      for (let request = 0; request < 2 * pairs; request += 1) {
        const beganAt = performance.now();
        await ask({ ...api, agent }, request % 2 === 0 ? "/status" : "/metrics.json", world.signal);
        latencies.push(performance.now() - beganAt);
      }
    } finally {
      process.kill(compute.pid, "SIGUSR2");
      isOver = true;
      agent.destroy();
    }
    await applying;
    await compute.lineSeen(/^event loop measured$/, world.signal);
    return {
      loadP50Ms: percentile(latencies, 50),
      loadP99Ms: percentile(latencies, 99),
      loadLoopGapMs: Number(await readFile(lagFile, "utf8")),
    };
  };
  return withCompute(world, world.config, work, { env, fromSources: true });
}

/** How long `/configure` of a running compute takes when nothing is to do, and when one setting is. */
export async function measureReconfigure(world: World): Promise<Measurements> {
  return withCompute(world, world.config, async ({ compute, api }) => {
    await compute.lineSeen(running, world.signal);
    // What the first one loads is not counted.
    await ask(api, "/configure", world.signal, withSetting(world.config, -1));
    await ask(api, "/configure", world.signal, world.config);
    const timed = async (config: string): Promise<number> => {
      const beganAt = performance.now();
      await ask(api, "/configure", world.signal, config);
      return performance.now() - beganAt;
    };
    const unchanged: number[] = [];
    const changed: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat += 1) unchanged.push(await timed(world.config));
    for (let repeat = 0; repeat < repeats; repeat += 1) changed.push(await timed(withSetting(world.config, repeat)));
    return { reconfigureSameMs: percentile(unchanged, 50), reconfigureSettingMs: percentile(changed, 50) };
  });
}

interface ConfigJson {
  readonly spec: {
    readonly cluster: { readonly roles: readonly object[]; readonly settings: readonly object[] } & object;
  } & object;
}

function withCluster(config: string, change: (cluster: ConfigJson["spec"]["cluster"]) => object): string {
  const parsed: ConfigJson = JSON.parse(config);
  const { spec } = parsed;
  return JSON.stringify({ ...parsed, spec: { ...spec, cluster: { ...spec.cluster, ...change(spec.cluster) } } });
}

/** With roles whose passwords differ from one round to the next; a hash that nobody has to compute. */
export function withRoles(config: string, round: number, roleCount = loadRoleCount): string {
  const key = Buffer.alloc(32, round % 2).toString("base64");
  const verifier = `SCRAM-SHA-256$4096:${key}$${key}:${key}`;
  const roles = Array.from({ length: roleCount }, (_, index) => ({
    name: `bench_${index}`,
    encrypted_password: verifier,
    options: null,
  }));
  return withCluster(config, (cluster) => ({ roles: [...cluster.roles, ...roles] }));
}

function withSetting(config: string, value: number): string {
  const setting = { name: "bench.round", value: String(value), vartype: "string" };
  return withCluster(config, ({ settings }) => ({ settings: [...settings, setting] }));
}
