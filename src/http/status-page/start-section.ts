import type { StartupMetrics } from "../../compute/startup-metrics.ts";
import type { Phase } from "../../compute/timeline.ts";
import type { StartRow, StartSection } from "./page-state.ts";
import type { PageViews } from "./views.ts";

/** The time before the first phase: loading the program, its config, and finding Postgres. */
const launch = "launch";

/** What `prepare_pgdata` is made of; whatever else goes on at the same time only does so. */
const parts: readonly string[] = [
  "recreate_pgdata",
  "check_safekeepers_synced",
  "sync_safekeepers",
  "get_basebackup",
  "finish_pgdata",
];

/**
 * The start as a waterfall; null before its first phase. Its zero is the start of the process, or, for a compute that waited for
 * its spec, the first phase.
 */
export function startSection({ timeline, startup, process }: PageViews): StartSection | null {
  const [first] = timeline.phases;
  if (first === undefined) return null;
  const zeroMs = startup.wait_for_spec_ms > 0 ? first.startMs : 0;
  const before: readonly Phase[] =
    zeroMs === 0 && first.startMs > 0 ? [{ name: launch, startMs: 0, endMs: first.startMs }] : [];
  const phases = [...before, ...timeline.phases];
  const row = (phase: Phase): StartRow => ({
    name: phase.name,
    inner: parts.includes(phase.name),
    startMs: tenths(phase.startMs - zeroMs),
    endMs: phase.endMs === null ? null : tenths(phase.endMs - zeroMs),
  });
  return { zeroAtMs: Math.round(process.startedAtMs + zeroMs), rows: phases.map(row), totalMs: totalMs(startup) };
}

function totalMs({ total_startup_ms }: StartupMetrics): number | null {
  return total_startup_ms === 0 ? null : total_startup_ms;
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
