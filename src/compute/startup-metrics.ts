/** Figures of the start (LIFE-65), in the order in which `/metrics.json` lists them; whole numbers, 0 until known. */
export const startupMetricNames = [
  "wait_for_spec_ms",
  "sync_sk_check_ms",
  "sync_safekeepers_ms",
  "pageserver_connect_micros",
  "basebackup_ms",
  "basebackup_bytes",
  "start_postgres_ms",
  "config_ms",
  "total_startup_ms",
  "load_ext_ms",
  "num_ext_downloaded",
  "largest_ext_size",
  "total_ext_download_size",
] as const;

export type StartupMetricName = (typeof startupMetricNames)[number];

export type StartupMetrics = Readonly<Record<StartupMetricName, number>>;

/** All figures at 0. */
export const noStartupMetrics: StartupMetrics = Object.freeze(
  Object.fromEntries(startupMetricNames.map((name) => [name, 0])) as Record<StartupMetricName, number>,
);
