import type { Metrics } from "../registry.ts";

type LoopDelay = ReturnType<typeof import("node:perf_hooks").monitorEventLoopDelay>;

/** When the event loop begins to be watched: what that loads would hold the first answer up. */
const loopWatchAfterMs = 100;
/** How often the figures are taken. */
const tickMs = 1_000;
/** How finely the loop's delay is seen: the native timer behind it fires this often. */
const resolutionMs = 20;
const nanosPerSecond = 1e9;
const microsPerSecond = 1e6;

/**
 * Measures this process every second from now on: its memory, its processor time, and how long its event loop was held at
 * most (MET-18). It keeps no process alive.
 * @returns ends it
 */
export function watchProcess(metrics: Metrics): () => void {
  let delay: LoopDelay | undefined;
  let ended = false;
  const watchLoop = async (): Promise<void> => {
    const { monitorEventLoopDelay } = await import("node:perf_hooks");
    if (ended) return;
    delay = monitorEventLoopDelay({ resolution: resolutionMs });
    delay.enable();
  };
  const start = setTimeout(() => void watchLoop().catch(() => {}), loopWatchAfterMs).unref();
  let cpuSeconds = 0;
  const takeUsage = (): void => {
    metrics.set("compute_ctl_process_resident_memory_bytes", {}, process.memoryUsage.rss());
    const { user, system } = process.cpuUsage();
    const seconds = (user + system) / microsPerSecond;
    metrics.add("compute_ctl_process_cpu_seconds_total", {}, Math.max(0, seconds - cpuSeconds));
    cpuSeconds = seconds;
  };
  takeUsage();
  const timer = setInterval(() => {
    takeUsage();
    if (delay === undefined) return;
    metrics.observe("compute_ctl_event_loop_lag_seconds", {}, heldSeconds(delay.max, delay.count));
    delay.reset();
  }, tickMs);
  timer.unref();
  return () => {
    ended = true;
    clearTimeout(start);
    clearInterval(timer);
    delay?.disable();
  };
}

/** The wait beyond the timer's own period; what was not seen at all is a loop that was not held. */
function heldSeconds(maxNanos: number, count: number): number {
  return count === 0 ? 0 : Math.max(0, maxNanos / nanosPerSecond - resolutionMs / 1_000);
}
