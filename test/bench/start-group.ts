import { measureConfigure, measureLongestGap, measurePlainStart, measureStart } from "./compute-runs.ts";
import { measureNode, measureTarAndPostgres } from "./floors.ts";
import type { BenchGroup } from "./measures.ts";

/** What a start takes, against what nobody could do without. */
export const startGroup: BenchGroup = {
  name: "start",
  about: "from exec to running, against node, tar and a bare Postgres",
  floorTitles: {
    nodeMs: "`node -e 0`",
    nodePeakKib: "`node -p` of its own peak",
    tarMs: "`tar xzf`",
    postgresMs: "bare `postgres`",
    tarAndPostgresMs: "`tar xzf` + bare `postgres`",
  },
  rows: [
    { title: "exec to an answer of `/status`, token checked", measure: "statusAnswerMs", floor: "nodeMs" },
    {
      title: "exec to `running`, 40 MB, two roles and two databases made",
      measure: "runningMs",
      floor: "tarAndPostgresMs",
    },
    { title: "exec to `running`, 40 MB, nothing to make", measure: "plainRunningMs", floor: "tarAndPostgresMs" },
    { title: "– safekeeper quorum", measure: "quorumMs" },
    { title: "– pageserver connect (in base backup)", measure: "connectMs" },
    { title: "– base backup", measure: "basebackupMs", floor: "tarMs" },
    { title: "– Postgres ready", measure: "postgresReadyMs", floor: "postgresMs" },
    { title: "– roles and databases", measure: "catalogMs" },
    { title: "– total, by its own clock", measure: "totalMs" },
    { title: "`/configure` of an empty compute", measure: "configureMs", floor: "postgresMs" },
    { title: "the same", measure: "configureMs", floor: "tarAndPostgresMs" },
    { title: "peak memory", measure: "peakKib", floor: "nodePeakKib" },
    { title: "memory, idle", measure: "idleKib" },
    { title: "longest gap between answers of `/status`", measure: "longestGapMs" },
  ],
  async measureRound(world) {
    const node = await measureNode(world);
    const { measured: start, postgresqlConf } = await measureStart(world);
    const tarAndPostgres = await measureTarAndPostgres(world, postgresqlConf);
    const plain = await measurePlainStart(world);
    const configure = await measureConfigure(world);
    const gap = await measureLongestGap(world);
    return { ...node, ...start, ...plain, ...tarAndPostgres, ...configure, ...gap };
  },
};
