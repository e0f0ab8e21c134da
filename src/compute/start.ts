import { unlessAborted } from "../base/deadline.ts";
import { together } from "../base/together.ts";
import { startConcurrency } from "../catalog/concurrency.ts";
import { portMismatch } from "../conf/port.ts";
import { adaptToStock } from "../conf/stock.ts";
import type { DerivedSpec } from "../spec/types.ts";
import { appliesCatalog, applyCatalog, hasSizeLimit, holdsSubscribers, withoutSizeLimit } from "./apply-catalog.ts";
import type { ComputePorts, PostgresProcess } from "./ports.ts";
import { writePostgresConf } from "./postgres-conf.ts";
import { preparePgdata } from "./prepare-pgdata.ts";
import type { StartContext } from "./start-context.ts";
import { unsupportedParts } from "./unsupported.ts";

/**
 * The first start (LIFE-7 to LIFE-11): data directory, Postgres, catalog. Returns when everything is in place; the caller
 * turns the status to running.
 * @throws when any step fails; Postgres may be running then
 */
export async function startCompute(context: StartContext, wanted: DerivedSpec, signal: AbortSignal): Promise<void> {
  const { ports, settings, store, timeline } = context;
  const { log, clock } = ports;
  logIntent(ports, wanted);
  const spec = adapt(ports, wanted);
  const mismatch = settings.lakebasePort === null ? portMismatch(spec.spec.cluster, settings.connstrPort) : undefined;
  if (mismatch !== undefined) log.warn(mismatch);
  await together(signal, [
    (linked) => timeline.phase("prepare_pgdata", () => preparePgdata(context, spec, linked)),
    (linked) => ports.services.prepareHost(spec, linked),
    (linked) => ports.services.configure(spec, linked),
  ]);
  if (appliesCatalog(spec) && hasSizeLimit(ports)) await ports.pgdata.writeOverride(withoutSizeLimit);

  const spawnedAt = clock.monotonicMs();
  const postgres = await timeline.phase("start_postgres", () => startPostgres(context, spec, signal));
  const readyAt = clock.monotonicMs();
  store.measure({ start_postgres_ms: readyAt - spawnedAt });
  log.info("Postgres is ready", { pid: postgres.pid, ms: Math.round(readyAt - spawnedAt) });

  if (holdsSubscribers(spec)) {
    log.warn(
      "spec.drop_subscriptions_before_start: the catalog is not applied, so subscriptions stay, switched off " +
        "until a reconfiguration drops them or no longer asks for that",
    );
  }
  if (appliesCatalog(spec)) {
    await timeline.phase("configure_as_primary", () => configurePrimary(context, spec, postgres, signal));
  }
  store.measure({ config_ms: clock.monotonicMs() - readyAt });
}

/** What stock Postgres cannot do is left out, each thing with one warning (chapter 04 §13). */
export function adapt(ports: ComputePorts, wanted: DerivedSpec): DerivedSpec {
  const { spec, warnings } = adaptToStock(wanted, ports.server);
  for (const warning of warnings) ports.log.warn(warning);
  for (const part of unsupportedParts(spec.spec)) ports.log.warn(part);
  return spec;
}

async function startPostgres(
  { ports, onSpawned }: StartContext,
  spec: DerivedSpec,
  signal: AbortSignal,
): Promise<PostgresProcess> {
  const postgres = await ports.postgres.start(spec);
  onSpawned(postgres);
  // Loading the SQL client takes some milliseconds in which Postgres gets ready.
  if (appliesCatalog(spec)) ports.postgres.warmSession();
  await unlessAborted(postgres.ready, signal);
  return postgres;
}

async function configurePrimary(
  { ports, settings }: StartContext,
  spec: DerivedSpec,
  postgres: PostgresProcess,
  signal: AbortSignal,
): Promise<void> {
  const { cluster } = spec.spec;
  const concurrency = startConcurrency(cluster.settings, cluster.postgresqlConf);
  await applyCatalog(ports, spec, postgres, concurrency, signal);
  if (spec.spec.localProxyConfig !== null) await ports.services.confirmLocalProxy(spec, signal);
  if (spec.spec.dropSubscriptionsBeforeStart) {
    await writePostgresConf(ports, settings, spec, "free", signal);
    await postgres.reload(signal);
  }
}

function logIntent({ log }: ComputePorts, { spec, tenantId, timelineId }: DerivedSpec): void {
  const or = (value: string | null): string => value ?? "None";
  log.info(
    `starting compute for project ${or(spec.cluster.clusterId)}, operation ${or(spec.operationUuid)}, ` +
      `tenant ${tenantId}, timeline ${timelineId}, project ${or(spec.projectId)}, branch ${or(spec.branchId)}, ` +
      `endpoint ${or(spec.endpointId)}, features [${spec.features.join(", ")}]`,
  );
}
