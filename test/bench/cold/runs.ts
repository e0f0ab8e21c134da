import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { sleep } from "../../../src/base/deadline.ts";
import { pickPort } from "../../../src/standin/demo/ports.ts";
import { preferredPorts, type World } from "../bench-world.ts";
import { type ComputeExtras, idleAfterMs, listening, running, withCompute } from "../compute-runs.ts";
import { measureTarAndPostgres } from "../floors.ts";
import { type Api, ask } from "../http-request.ts";
import { readMemory } from "../process-memory.ts";
import type { PageserverArchive } from "./pageserver-archive.ts";

type ColdMeasure = "firstAnswerMs" | "coldRunningMs" | "coldPeakKib" | "coldIdleKib";

/** Whatever the original's first answer was, this one needs no token and no Postgres. */
const firstPath = "/healthz";

/** A start with what a pageserver sends, from exec to `running`; and the postgresql.conf it wrote. */
export async function measureColdStart(
  world: World,
  archive: PageserverArchive,
): Promise<{ readonly measured: Record<ColdMeasure, number>; readonly postgresqlConf: string }> {
  const extras = await extrasFor(archive);
  return withCompute(
    world,
    world.config,
    async ({ compute, api, pgdata }) => {
      await compute.lineSeen(listening, world.signal);
      await answered(api, world.signal);
      const firstAnswerMs = performance.now() - compute.launchedAt;
      const coldRunningMs = (await compute.lineSeen(running, world.signal)) - compute.launchedAt;
      await sleep(idleAfterMs, world.signal);
      const { VmHWM: coldPeakKib, VmRSS: coldIdleKib } = await readMemory(compute.pid);
      const postgresqlConf = await readFile(join(pgdata, "postgresql.conf"), "utf8");
      return { measured: { firstAnswerMs, coldRunningMs, coldPeakKib, coldIdleKib }, postgresqlConf };
    },
    extras,
  );
}

/** From `/configure` to its answer, of a compute that waits for a spec. */
export async function measureColdConfigure(
  world: World,
  archive: PageserverArchive,
): Promise<{ readonly coldConfigureMs: number }> {
  const empty = JSON.stringify({ spec: null, compute_ctl_config: { jwks: world.jwks } });
  const extras = await extrasFor(archive);
  return withCompute(
    world,
    empty,
    async ({ compute, api }) => {
      await compute.lineSeen(listening, world.signal);
      // Computes wait for their spec for a while: it has warmed up, and has checked a token before.
      await ask(api, "/status", world.signal);
      await sleep(idleAfterMs, world.signal);
      const beganAt = performance.now();
      await ask(api, "/configure", world.signal, world.config);
      return { coldConfigureMs: performance.now() - beganAt };
    },
    extras,
  );
}

/** A bare Postgres on the same archive, put into place in the same way, from its start until it takes connections. */
export async function measureBarePostgres(
  world: World,
  archive: PageserverArchive,
  postgresqlConf: string,
): Promise<{ readonly coldPostgresMs: number }> {
  const env = { RELATIONS: await archive.copyRelations() };
  const words = [join(archive.binFolder, "cgexec"), "-g", "memory:bench"];
  const small = { ...world, archiveFile: archive.archiveFile };
  const { postgresMs } = await measureTarAndPostgres(small, postgresqlConf, { words, env });
  return { coldPostgresMs: postgresMs };
}

async function extrasFor(archive: PageserverArchive): Promise<ComputeExtras> {
  const env = {
    AUTOSCALING: "",
    PATH: `${archive.binFolder}:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
    RELATIONS: await archive.copyRelations(),
  };
  const vmMonitorPort = await pickPort(preferredPorts.vmMonitor);
  const args = ["--vm-monitor-addr", `127.0.0.1:${vmMonitorPort}`, "--basebackup-compression", "none"];
  return { env, args };
}

async function answered({ port }: Api, signal: AbortSignal): Promise<void> {
  const outgoing = request({ host: "127.0.0.1", port, path: firstPath, signal });
  outgoing.end();
  const [response] = await once(outgoing, "response", { signal });
  response.resume();
}
