import { describeError } from "../base/error-chain.ts";
import type { ActivityMonitor, ActivityPorts } from "../compute/activity-monitor.ts";
import { type ActivityView, nothingChecked } from "../compute/activity-view.ts";
import type { ComputeStore } from "../compute/store.ts";
import type { Metrics } from "../metrics/registry.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadActivityMonitor, loadActivitySession } from "./load.ts";
import { ownSessions } from "./open-session.ts";

/** Connecting and a look together; the look has its own limit as well (trap 6 of chapter 07). */
const connectMsMax = 5_000;

/** The activity monitor, which is loaded when the compute has become running: nothing before that needs it (MON-3). */
export function lateActivityMonitor(facts: Facts, surroundings: Surroundings, store: ComputeStore): ActivityMonitor {
  let monitor: ActivityMonitor | undefined;
  return {
    view: () => monitor?.view() ?? nothingChecked,
    async run(spec, signal) {
      try {
        const { createActivityMonitor } = await loadActivityMonitor();
        monitor = createActivityMonitor(activityPorts(facts, surroundings), store);
        await monitor.run(spec, signal);
      } catch (error) {
        surroundings.log.error(`the activity monitor cannot be run: ${describeError(error)}`);
      }
    },
  };
}

/** Looks at our own Postgres, and metrics. */
function activityPorts(facts: Facts, { log, clock, metrics }: Surroundings): ActivityPorts {
  const openSession = ownSessions(facts, connectMsMax);
  return {
    log: log.span("compute_monitor"),
    clock,
    open: async (signal) => (await loadActivitySession()).openActivitySession(openSession, signal),
    takeOwnVisits: () => facts.sessionLedger.take(clock.monotonicMs()),
    show: createShow(metrics),
  };
}

/** Shows what a check came to (MON-14, MON-15, MET-18). */
function createShow(metrics: Metrics): (view: ActivityView) => void {
  let countedMs = 0;
  return ({ lastActiveMicros, found, currentDowntimeMs, totalDowntimeMs }) => {
    metrics.set("compute_pg_current_downtime_ms", {}, currentDowntimeMs);
    metrics.add("compute_pg_downtime_ms_total", {}, totalDowntimeMs - countedMs);
    countedMs = totalDowntimeMs;
    if (lastActiveMicros !== null) {
      metrics.set("compute_ctl_last_active_timestamp_seconds", {}, lastActiveMicros / 1_000_000);
    }
    if (found === null) return;
    metrics.replaceAll("compute_ctl_awake", [{ labels: { reason: found }, value: 1 }]);
    metrics.add("compute_ctl_activity_checks_total", { reason: found }, 1);
  };
}
