import type { MigrationProgress } from "../../catalog/migrations/state.ts";
import type { ActivityView } from "../../compute/activity-view.ts";
import type { ComputeControl, StatusView } from "../../compute/control.ts";
import type { LeaseView } from "../../compute/lease.ts";
import type { Operation } from "../../compute/operation.ts";
import type { ComputeOverview } from "../../compute/overview.ts";
import type { StartupMetrics } from "../../compute/startup-metrics.ts";
import type { StatusDetail } from "../../compute/status-detail.ts";
import type { Timeline } from "../../compute/timeline.ts";
import type { DownloadView } from "../../extensions/download-view.ts";
import type { ServiceView } from "../../services/service-view.ts";
import type { ScalingView } from "../../vm-monitor/view.ts";

/** What stays as it is for the life of the process. */
export interface ProcessFacts {
  readonly computeId: string;
  /** This program's version, and its build. */
  readonly version: string;
  readonly postgresVersion: string;
  /** When the process began, in milliseconds since 1970. */
  readonly startedAtMs: number;
}

/** All that the page's document is made of, at one moment. */
export interface PageViews {
  readonly process: ProcessFacts;
  readonly status: StatusView;
  readonly timeline: Timeline;
  readonly overview: ComputeOverview;
  readonly startup: StartupMetrics;
  readonly activity: ActivityView;
  readonly migrations: MigrationProgress;
  readonly operations: readonly Operation[];
  readonly scaling: ScalingView | null;
  readonly lease: LeaseView | null;
  readonly services: readonly ServiceView[];
  readonly downloads: readonly DownloadView[];
  /** Null until it has been asked for. */
  readonly detail: StatusDetail | null;
}

/** The views of a compute right now. */
export function viewsOf(
  control: ComputeControl,
  process: ProcessFacts,
  downloads: readonly DownloadView[],
  detail: StatusDetail | null,
): PageViews {
  return {
    downloads,
    process,
    detail,
    status: control.status(),
    timeline: control.timeline(),
    overview: control.overview(),
    startup: control.startupMetrics(),
    activity: control.activity(),
    migrations: control.migrations(),
    operations: control.operations(),
    scaling: control.scaling(),
    lease: control.lease(),
    services: control.services(),
  };
}
