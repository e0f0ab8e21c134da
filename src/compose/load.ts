import { once } from "../base/once.ts";

/*
 * What a start needs only after its first HTTP answer, each loaded when it is first asked for: everything that is imported
 * on the way to that answer is paid for by every start.
 */

/** Loads once, after requests that have come meanwhile are answered: a connection is taken in one turn, and read in the next. */
function late<T>(load: () => Promise<T>): () => Promise<T> {
  return once(async () => {
    await turn();
    await turn();
    return load();
  });
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

export const loadPgdata = late(async () => ({
  ...(await import("../conf/do/prepare-pgdata.ts")),
  ...(await import("../conf/do/finish-pgdata.ts")),
  ...(await import("../conf/do/write-files.ts")),
}));
export const loadTls = late(() => import("../conf/do/tls-files.ts"));
export const loadSafekeepers = late(() => import("../storage/do/safekeeper-status.ts"));
export const loadSync = late(() => import("../storage/do/sync-process.ts"));
export const loadNativeSync = late(async () => ({
  ...(await import("../storage/do/native-sync.ts")),
  ...(await import("../storage/do/native-sync-at-start.ts")),
}));
export const loadBasebackup = late(() => import("../storage/do/basebackup.ts"));
export const loadParseConf = late(() => import("../postgres/do/parse-conf.ts"));
export const loadLeases = late(() => import("../storage/do/lease-round.ts"));
export const loadPostmaster = late(async () => ({
  ...(await import("../postgres/do/postmaster.ts")),
  ...(await import("../postgres/do/socket-locks.ts")),
}));
export const loadLeftoverPostmaster = late(() => import("../postgres/do/leftover-postmaster.ts"));
export const loadLogPump = late(() => import("../postgres/do/log-pump.ts"));
export const loadReload = late(() => import("../postgres/do/reload.ts"));
export const loadAutoscaling = late(async () => ({
  ...(await import("../metrics/autoscaling-text.ts")),
  ...(await import("../metrics/do/read-autoscaling.ts")),
}));
export const loadActivityMonitor = late(() => import("../compute/activity-monitor.ts"));
export const loadProcessFigures = late(() => import("../metrics/do/process-figures.ts"));
export const loadActivitySession = late(() => import("../monitor/do/activity-session.ts"));
export const loadSession = late(() => import("../postgres/do/session.ts"));
export const loadCatalog = late(() => import("../catalog/do/apply-catalog.ts"));
export const loadMigrations = late(() => import("../catalog/do/run-migrations.ts"));
export const loadLooks = late(async () => ({
  ...(await import("../catalog/do/check-drift.ts")),
  ...(await import("../catalog/do/plan-catalog.ts")),
}));
export const loadCatalogVisits = late(async () => ({
  ...(await import("../catalog/do/list-catalog.ts")),
  ...(await import("../catalog/do/probe-write.ts")),
  ...(await import("../catalog/do/collect-insights.ts")),
  ...(await import("../catalog/do/provide-extension.ts")),
  ...(await import("../catalog/do/provide-grant.ts")),
  ...(await import("../catalog/do/count-extensions.ts")),
}));
export const loadVmMonitor = late(async () => ({
  ...(await import("../vm-monitor/do/vm-monitor.ts")),
  ...(await import("../vm-monitor/do/cgroup.ts")),
  ...(await import("../vm-monitor/do/peers.ts")),
}));
export const loadControlFiles = late(async () => ({
  ...(await import("../extensions/do/control-files.ts")),
  ...(await import("../postgres/do/extension-folders.ts")),
}));
export const loadDownloads = late(async () => ({
  ...(await import("../extensions/do/downloads.ts")),
  ...(await import("../extensions/do/fetch-at-start.ts")),
  ...(await import("../spec/do/http-get.ts")),
}));
export const loadDumpSchema = late(() => import("../postgres/do/dump-schema.ts"));
export const loadGiveBackMemory = late(() => import("../supervisor/do/give-back-memory.ts"));
export const loadServices = late(async () => ({
  ...(await import("../services/do/supervisor.ts")),
  ...(await import("../services/do/configure-pgbouncer.ts")),
  ...(await import("../services/do/configure-local-proxy.ts")),
  ...(await import("../services/do/configure-rsyslog.ts")),
  ...(await import("../services/do/restart-rsyslog.ts")),
  ...(await import("../services/do/clean-audit-logs.ts")),
  ...(await import("../services/do/run-host-command.ts")),
}));
export const loadStopServices = late(async () => ({
  ...(await import("../services/do/configure-local-proxy.ts")),
  ...(await import("../services/do/stop-pgbouncer.ts")),
}));
export const loadStatusPage = late(() => import("../http/do/status-page.ts"));
