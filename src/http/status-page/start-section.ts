import type { StartupMetrics } from "../../compute/startup-metrics.ts";
import type { Phase } from "../../compute/timeline.ts";
import type { StartRow, StartSection } from "./page-state.ts";
import type { PageViews } from "./views.ts";

/** The time before the first phase: loading the program, its config, and finding Postgres. */
const launch = "launch";

/** The phases that are made of others; what else goes on at the same time only does so. */
const parents: readonly string[] = ["prepare_pgdata"];

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
  const row = (phase: Phase, at: number): StartRow => ({
    name: phase.name,
    inner: phases.slice(0, at).some((earlier) => parents.includes(earlier.name) && surrounds(earlier, phase)),
    startMs: tenths(phase.startMs - zeroMs),
    endMs: phase.endMs === null ? null : tenths(phase.endMs - zeroMs),
  });
  return { zeroAtMs: Math.round(process.startedAtMs + zeroMs), rows: phases.map(row), totalMs: totalMs(startup) };
}

function totalMs({ total_startup_ms }: StartupMetrics): number | null {
  return total_startup_ms === 0 ? null : total_startup_ms;
}

/** Whether a phase that began earlier goes on until the other has ended. */
function surrounds(outer: Phase, inner: Phase): boolean {
  if (outer.startMs > inner.startMs) return false;
  if (outer.endMs === null) return true;
  return inner.endMs === null ? false : inner.endMs <= outer.endMs;
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
