import type { World } from "../bench-world.ts";
import { measureNode } from "../floors.ts";
import type { BenchGroup } from "../measures.ts";
import { startStorageHost } from "../storage-host.ts";
import { withNothingToMake } from "./config.ts";
import { type PageserverArchive, splitArchive } from "./pageserver-archive.ts";
import { measureBarePostgres, measureColdConfigure, measureColdStart } from "./runs.ts";

interface ColdWorld {
  readonly world: World;
  readonly archive: PageserverArchive;
}

const coldWorld = coldWorldOnce();

/** The executable against a pageserver's own kind of archive: what a start in production is made of. */
export const coldGroup: BenchGroup = {
  name: "cold",
  about: "a cold start with what a pageserver sends, against node and a bare Postgres",
  floorTitles: { nodeMs: "`node -e 0`", coldPostgresMs: "bare `postgres`" },
  rows: [
    { title: "exec to first HTTP answer (`/healthz`)", measure: "firstAnswerMs", floor: "nodeMs" },
    {
      title: "exec to `running`, a pageserver's plain archive of 17 MB",
      measure: "coldRunningMs",
      floor: "coldPostgresMs",
    },
    { title: "– over bare `postgres`", measure: "coldRunningOverMs" },
    {
      title: "`/configure` of an empty compute, the same archive",
      measure: "coldConfigureMs",
      floor: "coldPostgresMs",
    },
    { title: "– over bare `postgres`", measure: "coldConfigureOverMs" },
    { title: "peak memory", measure: "coldPeakKib" },
    { title: "memory, idle", measure: "coldIdleKib" },
  ],
  async measureRound(given) {
    const { world, archive } = await coldWorld(given);
    const node = await measureNode(world);
    const { measured, postgresqlConf } = await measureColdStart(world, archive);
    const floor = await measureBarePostgres(world, archive, postgresqlConf);
    const configure = await measureColdConfigure(world, archive);
    return {
      ...node,
      ...measured,
      ...floor,
      ...configure,
      coldRunningOverMs: measured.coldRunningMs - floor.coldPostgresMs,
      coldConfigureOverMs: configure.coldConfigureMs - floor.coldPostgresMs,
    };
  },
};

/** A storage of its own that serves the small archive, for all rounds. */
function coldWorldOnce(): (given: World) => Promise<ColdWorld> {
  let made: Promise<ColdWorld> | undefined;
  return (given) => {
    made ??= makeColdWorld(given);
    return made;
  };
}

async function makeColdWorld(given: World): Promise<ColdWorld> {
  const archive = await splitArchive(given);
  const { facts } = await startStorageHost({ major: 17, workdir: archive.workdir });
  const config = withNothingToMake(withStorage(given.config, facts));
  return { archive, world: { ...given, storage: facts, config } };
}

/** The config with the addresses of another storage. */
function withStorage(config: string, facts: World["storage"]): string {
  const { spec, ...rest } = JSON.parse(config);
  return JSON.stringify({
    ...rest,
    spec: {
      ...spec,
      tenant_id: facts.tenantId,
      timeline_id: facts.timelineId,
      pageserver_connstring: facts.pageserverUrl,
      safekeeper_connstrings: facts.safekeeperHostPorts,
      storage_auth_token: facts.storageToken,
    },
  });
}
