import { unlessAborted } from "../base/deadline.ts";
import { together } from "../base/together.ts";
import { startConcurrency } from "../catalog/concurrency.ts";
import { portMismatch } from "../conf/port.ts";
import { adaptToStock, type ServerFacts } from "../conf/stock.ts";
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
  const expected = ports.extensions.expectedLibraries(wanted);
  let spec = adapt(ports, wanted, expected);
  const mismatch = settings.lakebasePort === null ? portMismatch(spec.spec.cluster, settings.connstrPort) : undefined;
  if (mismatch !== undefined) log.warn(mismatch);
  const first = spec;
  await together(signal, [
    (linked) => timeline.phase("prepare_pgdata", () => preparePgdata(context, first, linked)),
    (linked) => ports.services.prepareHost(first, linked),
    (linked) => ports.services.configure(first, linked),
    (linked) => prepareExtensions(context, wanted, linked),
  ]);
  spec = await withoutMissing(context, wanted, first, expected, signal);
  if (appliesCatalog(spec) && settings.holdConnections) await ports.pgdata.holdConnections();
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

/**
 * What stock Postgres cannot do is left out, each thing with one warning (chapter 04 §13).
 * @param expected libraries that it does not have yet, but is about to get
 */
export function adapt(ports: ComputePorts, wanted: DerivedSpec, expected: ReadonlySet<string> = none): DerivedSpec {
  const { spec, warnings } = adaptToStock(wanted, serverWith(ports, expected));
  for (const warning of warnings) ports.log.warn(warning);
  for (const part of unsupportedParts(spec.spec)) ports.log.warn(part);
  return spec;
}

const none: ReadonlySet<string> = new Set();

function serverWith({ server }: ComputePorts, expected: ReadonlySet<string>): ServerFacts {
  return { major: server.major, hasLibrary: (name) => server.hasLibrary(name) || expected.has(name) };
}

/** Control files, and the extensions whose libraries are preloaded, while the data directory is made (EXT-20). */
async function prepareExtensions(
  { ports, store, timeline }: StartContext,
  spec: DerivedSpec,
  signal: AbortSignal,
): Promise<void> {
  if (spec.spec.remoteExtensions === null) return;
  const figures = await timeline.phase("prepare_extensions", () => ports.extensions.prepare(spec, signal));
  if (figures === undefined) return;
  store.measure({
    load_ext_ms: figures.ms,
    num_ext_downloaded: figures.downloaded,
    largest_ext_size: figures.largestBytes,
    total_ext_download_size: figures.totalBytes,
  });
}

/** A library whose download failed would keep stock Postgres from starting; Neon's asks for it once more. */
async function withoutMissing(
  { ports, settings }: StartContext,
  wanted: DerivedSpec,
  adapted: DerivedSpec,
  expected: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<DerivedSpec> {
  if ([...expected].every((name) => ports.server.hasLibrary(name))) return adapted;
  const told = new Set(adaptToStock(wanted, serverWith(ports, expected)).warnings);
  const { spec, warnings } = adaptToStock(wanted, ports.server);
  for (const warning of warnings) if (!told.has(warning)) ports.log.warn(warning);
  const subscribers = spec.spec.dropSubscriptionsBeforeStart ? "held" : "free";
  await writePostgresConf(ports, settings, spec, subscribers, signal);
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
  if (settings.holdConnections) {
    await ports.pgdata.releaseConnections();
    await postgres.reload(signal);
  }
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
