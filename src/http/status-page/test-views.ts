import { noMigrationYet } from "../../catalog/migrations/state.ts";
import { nothingChecked } from "../../compute/activity-view.ts";
import { noStartupMetrics } from "../../compute/startup-metrics.ts";
import type { PageViews } from "./views.ts";

const began = new Date("2031-04-05T06:07:08.120Z");

/** A compute that nothing has happened to yet. */
export const emptyViews: PageViews = {
  process: { computeId: "compute-1", version: "1.2.3 (t-9)", postgresVersion: "17.9", startedAtMs: began.getTime() },
  status: { startTime: began, tenant: null, timeline: null, status: "empty", lastActiveMicros: null, error: null },
  timeline: { phases: [], changes: [{ status: "empty", at: began }] },
  overview: { spec: null, isInForce: false, postgresPid: null, startLsn: null, endLsn: null, drift: null },
  startup: noStartupMetrics,
  activity: nothingChecked,
  migrations: noMigrationYet,
  operations: [],
  scaling: null,
  lease: null,
  services: [],
  downloads: [],
  detail: null,
};

/** So many milliseconds after it began. */
export function after(ms: number): Date {
  return new Date(began.getTime() + ms);
}
