import type { ActivityPorts } from "../compute/activity-monitor.ts";
import type { ActivityView } from "../compute/activity-view.ts";
import type { Metrics } from "../metrics/registry.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadActivitySession } from "./load.ts";
import { ownSessions } from "./open-session.ts";

/** Connecting and a look together; the look has its own limit as well (trap 6 of chapter 07). */
const connectMsMax = 5_000;

/** Looks at our own Postgres, and metrics. */
export function activityPorts(facts: Facts, { log, clock, metrics }: Surroundings): ActivityPorts {
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
