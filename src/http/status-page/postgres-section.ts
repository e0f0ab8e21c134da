import { isTerminating } from "../../compute/status.ts";
import type { PostgresSection } from "./page-state.ts";
import { say, sayIf } from "./say.ts";
import type { PageViews } from "./views.ts";

/** What is known of Postgres. */
export function postgresSection(views: PageViews): PostgresSection {
  const { activity, status, overview, process, detail } = views;
  const { lastActiveMicros } = status;
  const settings = detail?.settings ?? null;
  const tls = detail?.tls ?? null;
  return {
    state: stateOf(views),
    version: process.postgresVersion,
    pid: overview.postgresPid,
    lastActiveMs: lastActiveMicros === null ? null : Math.floor(lastActiveMicros / 1000),
    found: activity.found,
    checkedAtMs: activity.checkedAt?.getTime() ?? null,
    currentDowntimeMs: activity.currentDowntimeMs,
    totalDowntimeMs: activity.totalDowntimeMs,
    rejectedSettings: settings?.rejected.map((each) => ({ ...each, reason: say(each.reason) })) ?? [],
    pendingRestart: settings?.pendingRestart ?? [],
    overruled: settings?.overruled ?? [],
    tls: tls && {
      notAfterMs: tls.notAfter.getTime(),
      installedAtMs: tls.installedAt.getTime(),
      problem: sayIf(tls.problem),
    },
  };
}

function stateOf({ activity, status: { status }, overview }: PageViews): PostgresSection["state"] {
  if (overview.postgresPid === null) {
    const before = status === "empty" || status === "configuration_pending" || status === "init";
    return before ? "waiting" : "gone";
  }
  if (isTerminating(status)) return "stopping";
  if (status === "init") return "starting";
  return activity.found === "unreachable" ? "unreachable" : "up";
}
