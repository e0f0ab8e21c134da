import { once } from "../base/once.ts";

/*
 * What a start needs only after its first HTTP answer, each loaded when it is first asked for: everything that is imported
 * on the way to that answer is paid for by every start.
 */
export const loadPgdata = once(async () => ({
  ...(await import("../conf/do/prepare-pgdata.ts")),
  ...(await import("../conf/do/finish-pgdata.ts")),
  ...(await import("../conf/do/write-files.ts")),
}));
export const loadTls = once(() => import("../conf/do/tls-files.ts"));
export const loadSafekeepers = once(() => import("../storage/do/safekeeper-status.ts"));
export const loadSync = once(() => import("../storage/do/sync-process.ts"));
export const loadNativeSync = once(async () => ({
  ...(await import("../storage/do/native-sync.ts")),
  ...(await import("../storage/do/native-sync-at-start.ts")),
}));
export const loadBasebackup = once(() => import("../storage/do/basebackup.ts"));
export const loadParseConf = once(() => import("../postgres/do/parse-conf.ts"));
export const loadPostmaster = once(() => import("../postgres/do/postmaster.ts"));
export const loadLeftoverPostmaster = once(() => import("../postgres/do/leftover-postmaster.ts"));
export const loadLogPump = once(() => import("../postgres/do/log-pump.ts"));
export const loadReload = once(() => import("../postgres/do/reload.ts"));
export const loadAutoscaling = once(async () => ({
  ...(await import("../metrics/autoscaling-text.ts")),
  ...(await import("../metrics/do/read-autoscaling.ts")),
}));
export const loadActivityMonitor = once(() => import("../compute/activity-monitor.ts"));
export const loadProcessFigures = once(() => import("../metrics/do/process-figures.ts"));
export const loadActivitySession = once(() => import("../monitor/do/activity-session.ts"));
export const loadSession = once(() => import("../postgres/do/session.ts"));
export const loadCatalog = once(() => import("../catalog/do/apply-catalog.ts"));
export const loadMigrations = once(() => import("../catalog/do/run-migrations.ts"));
export const loadLooks = once(async () => ({
  ...(await import("../catalog/do/check-drift.ts")),
  ...(await import("../catalog/do/plan-catalog.ts")),
}));
export const loadCatalogVisits = once(async () => ({
  ...(await import("../catalog/do/list-catalog.ts")),
  ...(await import("../catalog/do/probe-write.ts")),
  ...(await import("../catalog/do/collect-insights.ts")),
  ...(await import("../catalog/do/provide-extension.ts")),
  ...(await import("../catalog/do/provide-grant.ts")),
  ...(await import("../catalog/do/count-extensions.ts")),
}));
export const loadVmMonitor = once(async () => ({
  ...(await import("../vm-monitor/do/vm-monitor.ts")),
  ...(await import("../vm-monitor/do/cgroup.ts")),
  ...(await import("../vm-monitor/do/peers.ts")),
}));
export const loadDumpSchema = once(() => import("../postgres/do/dump-schema.ts"));
export const loadGiveBackMemory = once(() => import("../supervisor/do/give-back-memory.ts"));
export const loadServices = once(async () => ({
  ...(await import("../services/do/supervisor.ts")),
  ...(await import("../services/do/configure-pgbouncer.ts")),
  ...(await import("../services/do/configure-local-proxy.ts")),
  ...(await import("../services/do/configure-rsyslog.ts")),
  ...(await import("../services/do/restart-rsyslog.ts")),
  ...(await import("../services/do/clean-audit-logs.ts")),
  ...(await import("../services/do/run-host-command.ts")),
}));
export const loadStopServices = once(async () => ({
  ...(await import("../services/do/configure-local-proxy.ts")),
  ...(await import("../services/do/stop-pgbouncer.ts")),
}));
