/** Figures of `/metrics.json` (HTTP-34) that the demo shows, in the order in which a start makes them. */
const startFigures = ["sync_sk_check_ms", "basebackup_ms", "start_postgres_ms", "config_ms"] as const;

export type StartFigure = (typeof startFigures)[number];

/**
 * The figures whose phases are over: a figure is 0 until then, but may stay 0 when its phase took no time, so one counts
 * also when a later one is known. All are known once the compute runs.
 */
export function knownFigures(metrics: Readonly<Record<string, unknown>>, running: boolean): readonly StartFigure[] {
  const last = running ? startFigures.length - 1 : startFigures.findLastIndex((name) => Number(metrics[name]) > 0);
  return startFigures.slice(0, last + 1);
}
