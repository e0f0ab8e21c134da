/*
 * The composition root: the only place that knows which effect stands behind which port. It decides nothing about
 * computes; that is compute/'s business.
 */
import { randomId } from "../base/random-id.ts";
import { createExtensionStatistics } from "../compute/extension-statistics.ts";
import { type Compute, createCompute } from "../compute/lifecycle.ts";
import type { ComputePorts } from "../compute/ports.ts";
import { createSettingsWatch } from "../compute/settings-watch.ts";
import { statusText } from "../compute/status.ts";
import { statusDetail } from "../compute/status-detail.ts";
import { type ComputeStore, createStore } from "../compute/store.ts";
import type { Phase } from "../compute/timeline.ts";
import { createTimelineRecorder } from "../compute/timeline-recorder.ts";
import { traceStart } from "../compute/trace-start.ts";
import type { InstalledTls } from "../conf/tls-state.ts";
import type { RunningServer } from "../http/do/listener.ts";
import type { Metrics } from "../metrics/registry.ts";
import type { DerivedSpec } from "../spec/types.ts";
import { lateActivityMonitor } from "./activity-monitor.ts";
import { catalogPort } from "./catalog-port.ts";
import { extensionCollector } from "./catalog-queries.ts";
import { createExtensions } from "./extensions.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { measureLease } from "./lease-metrics.ts";
import { loadProcessFigures } from "./load.ts";
import { pgdataPort } from "./pgdata-port.ts";
import { postgresPort } from "./postgres-port.ts";
import { createRest } from "./rest.ts";
import { openServers } from "./servers.ts";
import { servicesPort } from "./services-port.ts";
import { storagePort } from "./storage-port.ts";
import { vmMonitorPort } from "./vm-monitor-port.ts";

/** A compute with its servers. */
export interface Composition {
  readonly compute: Compute;
  /** Opens both HTTP servers. @throws BindError when a port cannot be had; none is open then */
  listen(): Promise<readonly RunningServer[]>;
  /** What must be finished before the process ends, such as the removal of an old data directory. */
  settle(): Promise<void>;
}

/** Puts a compute together. Nothing is opened or started yet. */
export function compose(facts: Facts, surroundings: Surroundings): Composition {
  const { log, clock, notifier, tracer, metrics } = surroundings;
  const timeline = createTimelineRecorder(clock);
  const rest = createRest(log);
  const store = createStore(clock.now(), (before, after) => {
    log.info(`Changing compute status from ${statusText(before)} to ${statusText(after)}`);
    timeline.changed(after);
    metrics.showStatus(statusText(after));
    rest.changed(after);
    if (facts.settings.lakebasePort !== null) attach(facts, surroundings, metrics, store.get().spec);
    notifier.status(statusText(after));
    if (after === "running") notifier.ready();
  });
  const removals: Promise<void>[] = [];
  const { major, hasLibrary } = facts.installation;
  const extensions = createExtensions(facts, surroundings, () => store.get().spec);
  const settingsWatch = createSettingsWatch(log, metrics);
  let tls: InstalledTls | null = null;
  const services = servicesPort(facts, surroundings, metrics);
  const ports = {
    log,
    clock,
    server: { major, hasLibrary: (name) => hasLibrary(name) || extensions.hasInstalled(name) },
    pgdata: pgdataPort(facts, surroundings, removals, (installed) => {
      tls = installed;
      showCertificate(metrics, installed);
    }),
    storage: storagePort(facts, surroundings),
    postgres: postgresPort(facts, surroundings, settingsWatch),
    catalog: catalogPort(facts, surroundings, metrics, extensions.beforeCreate),
    extensions: extensions.port,
    vmMonitor: vmMonitorPort(facts, surroundings),
    services,
    configSource: { load: facts.loadConfig },
    newId: randomId,
    leaseChanged: (view) => measureLease(metrics, view),
    traceStart(parent, error) {
      const { phases } = timeline.read();
      const endMs = clock.monotonicMs();
      const originMs = Date.now() - endMs;
      traceStart(tracer, phases, { originMs, endMs, parent: parent ?? facts.traceParent, error });
      if (error === undefined) measureStart(metrics, phases, store.get().metrics.total_startup_ms);
    },
  } satisfies ComputePorts;
  const statistics = createExtensionStatistics(
    { log, collect: extensionCollector(facts, surroundings, metrics), isApplying: () => isApplying(store) },
    facts.extensionStatisticsSeconds,
  );
  const activity = lateActivityMonitor(facts, surroundings, store);
  const parts = { ports, settings: facts.settings, store, timeline, statistics, activity };
  const compute = createCompute(parts, facts.spec);
  let stopWatching = (): void => {};
  return {
    compute,
    async listen() {
      rest.changed(store.get().status);
      const servers = await openServers(facts, surroundings, compute.control, extensions, async () =>
        statusDetail(store.get().spec, await settingsWatch.latest(), tls),
      );
      stopWatching = (await loadProcessFigures()).watchProcess(metrics);
      return servers;
    },
    async settle() {
      rest.end();
      stopWatching();
      notifier.stopping();
      await Promise.all([services.close(), extensions.close(), ...removals]);
    },
  };
}

/** MET-19: how long the certificate that Postgres uses is good, and whether it could be replaced. */
function showCertificate(metrics: Metrics, { notAfter, installedAt, problem }: InstalledTls): void {
  metrics.set("compute_ctl_tls_certificate_expiry_timestamp_seconds", {}, Math.floor(notAfter.getTime() / 1000));
  metrics.set("compute_ctl_tls_certificate_installed_timestamp_seconds", {}, Math.floor(installedAt.getTime() / 1000));
  metrics.set("compute_ctl_tls_certificate_usable", {}, problem === null ? 1 : 0);
}

/** The phases of a start that succeeded, as a histogram (MET-18). */
function measureStart(metrics: Metrics, phases: readonly Phase[], totalMs: number): void {
  for (const { name, startMs, endMs } of [...phases, { name: "total", startMs: 0, endMs: totalMs }]) {
    if (endMs !== null) metrics.observe("compute_ctl_startup_phase_seconds", { phase: name }, (endMs - startMs) / 1000);
  }
}

/** A collection may visit template1, which would get into the way of a CREATE DATABASE (T22). */
function isApplying(store: ComputeStore): boolean {
  const { status } = store.get();
  return status === "configuration" || status === "refresh_configuration";
}

/** LIFE-70, MET-8: in lakebase mode, log files and a metric tell which compute serves which branch. */
function attach(facts: Facts, { identify }: Surroundings, metrics: Metrics, spec: DerivedSpec | null): void {
  const { computeId, instanceId } = facts;
  if (spec === null) return;
  identify?.({ instanceId: instanceId ?? "", computeId });
  if (instanceId === undefined) return;
  const labels = {
    pg_compute_id: computeId,
    pg_instance_id: instanceId,
    tenant_id: spec.tenantId,
    timeline_id: spec.timelineId,
  };
  metrics.replaceAll("pg_cctl_attached", [{ labels, value: 1 }]);
}
