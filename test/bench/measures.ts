/** Everything that a round measures. `ms`: milliseconds; `kib`: KiB. */
export const measureNames = [
  "nodeMs",
  "nodePeakKib",
  "tarMs",
  "postgresMs",
  "tarAndPostgresMs",
  "firstAnswerMs",
  "runningMs",
  "quorumMs",
  "connectMs",
  "basebackupMs",
  "postgresReadyMs",
  "catalogMs",
  "totalMs",
  "configureMs",
  "peakKib",
  "idleKib",
  "longestGapMs",
  "loadP50Ms",
  "loadP99Ms",
  "loadLoopGapMs",
  "reconfigureSameMs",
  "reconfigureSettingMs",
] as const;

export type Measure = (typeof measureNames)[number];

/** What one part of a round measured. */
export type Measurements = Readonly<Partial<Record<Measure, number>>>;

/** One row of the table: a measure, and what it is held against. */
export interface Row {
  readonly title: string;
  readonly measure: Measure;
  readonly floor?: Measure;
}

/** How a floor is called next to what is held against it. */
export const floorTitles: Readonly<Partial<Record<Measure, string>>> = {
  nodeMs: "`node -e 0`",
  nodePeakKib: "`node -p` of its own peak",
  tarMs: "`tar xzf`",
  postgresMs: "bare `postgres`",
  tarAndPostgresMs: "`tar xzf` + bare `postgres`",
};

/** The table from top to bottom. */
export const rows: readonly Row[] = [
  { title: "exec to first HTTP answer", measure: "firstAnswerMs", floor: "nodeMs" },
  { title: "exec to `running`", measure: "runningMs", floor: "tarAndPostgresMs" },
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
  { title: "`/status`, `/metrics.json` while 2,000 roles are applied, p50", measure: "loadP50Ms" },
  { title: "the same, p99", measure: "loadP99Ms" },
  { title: "– longest gap in the event loop meanwhile", measure: "loadLoopGapMs" },
  { title: "`/configure` of a running compute, nothing changed", measure: "reconfigureSameMs" },
  { title: "the same, one setting changed", measure: "reconfigureSettingMs" },
];
