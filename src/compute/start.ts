import { unlessAborted } from "../base/deadline.ts";
import { startConcurrency } from "../catalog/concurrency.ts";
import { adaptToStock } from "../conf/stock.ts";
import type { DerivedSpec } from "../spec/types.ts";
import type { ComputePorts, ComputeSettings, PostgresProcess } from "./ports.ts";
import { writePostgresConf } from "./postgres-conf.ts";
import { preparePgdata } from "./prepare-pgdata.ts";
import type { ComputeStore } from "./store.ts";
import { unsupportedParts } from "./unsupported.ts";

/** The cluster size limit is off while the catalog is applied, so that roles and extensions fit into a full cluster (CONF-41). */
const withoutSizeLimit = "neon.max_cluster_size=-1";

/**
 * The first start (LIFE-7 to LIFE-11): data directory, Postgres, catalog. Returns when everything is in place; the caller
 * turns the status to running.
 * @param onSpawned told of the process at once, so that a signal or a failure can end it
 * @throws when any step fails; Postgres may be running then
 */
export async function startCompute(
  ports: ComputePorts,
  settings: ComputeSettings,
  store: ComputeStore,
  wanted: DerivedSpec,
  onSpawned: (postgres: PostgresProcess) => void,
  signal: AbortSignal,
): Promise<void> {
  const { log, clock } = ports;
  logIntent(ports, wanted);
  const spec = adapt(ports, wanted);
  await preparePgdata(ports, settings, store, spec, signal);
  if (appliesCatalog(spec) && ports.server.hasLibrary("neon")) await ports.pgdata.writeOverride(withoutSizeLimit);

  const spawnedAt = clock.monotonicMs();
  const postgres = await ports.postgres.start(spec);
  onSpawned(postgres);
  // Loading the SQL client takes some milliseconds in which Postgres gets ready.
  if (appliesCatalog(spec)) ports.postgres.warmSession();
  await unlessAborted(postgres.ready, signal);
  const readyAt = clock.monotonicMs();
  store.measure({ start_postgres_ms: readyAt - spawnedAt });
  log.info("Postgres is ready", { pid: postgres.pid, ms: Math.round(readyAt - spawnedAt) });

  if (appliesCatalog(spec)) await configurePrimary(ports, settings, spec, postgres, signal);
  store.measure({ config_ms: clock.monotonicMs() - readyAt });
}

/** What stock Postgres cannot do is left out, each thing with one warning (chapter 04 §13). */
export function adapt(ports: ComputePorts, wanted: DerivedSpec): DerivedSpec {
  const { spec, warnings } = adaptToStock(wanted, ports.server);
  for (const warning of warnings) ports.log.warn(warning);
  for (const part of unsupportedParts(spec.spec)) ports.log.warn(part);
  return spec;
}

/** Only a primary's catalog is ever written (APPLY-1), unless the spec forbids it. */
export function appliesCatalog(spec: DerivedSpec): boolean {
  return spec.spec.mode.kind === "primary" && !spec.spec.skipPgCatalogUpdates;
}

/**
 * Applies the catalog with the size limit lifted, and brings it back into force whatever the outcome (CONF-43, CONF-T7).
 * Expects the override to be in force already.
 */
export async function applyCatalog(
  ports: ComputePorts,
  spec: DerivedSpec,
  postgres: PostgresProcess,
  concurrency: number,
  signal: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  void postgres.exited.then((exit) =>
    ended.abort(new Error(`Postgres ended while the catalog was applied (${exit.text})`)),
  );
  try {
    await ports.catalog.apply(spec, concurrency, AbortSignal.any([signal, ended.signal]));
  } finally {
    if (ports.server.hasLibrary("neon")) {
      await ports.pgdata.writeOverride("");
      postgres.reload();
    }
  }
}

/** Lifts the size limit in a running Postgres. */
export async function liftSizeLimit(ports: ComputePorts, postgres: PostgresProcess): Promise<void> {
  if (!ports.server.hasLibrary("neon")) return;
  await ports.pgdata.writeOverride(withoutSizeLimit);
  postgres.reload();
}

async function configurePrimary(
  ports: ComputePorts,
  settings: ComputeSettings,
  spec: DerivedSpec,
  postgres: PostgresProcess,
  signal: AbortSignal,
): Promise<void> {
  const { cluster } = spec.spec;
  const concurrency = startConcurrency(cluster.settings, cluster.postgresqlConf);
  await applyCatalog(ports, spec, postgres, concurrency, signal);
  if (spec.spec.dropSubscriptionsBeforeStart) {
    await writePostgresConf(ports, settings, spec, "free", signal);
    postgres.reload();
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
