import { sleep } from "../base/deadline.ts";
import type { DerivedSpec } from "../spec/types.ts";
import type { ComputePorts, PostgresProcess } from "./ports.ts";

/** How much later than its connections the end of Postgres is seen. */
const postgresEndMsMax = 100;

/** The cluster size limit is off while the catalog is applied, so that roles and extensions fit into a full cluster (CONF-41). */
export const withoutSizeLimit = "neon.max_cluster_size=-1";

/** Only a primary's catalog is ever written (APPLY-1), unless the spec forbids it. */
export function appliesCatalog(spec: DerivedSpec): boolean {
  return spec.spec.mode.kind === "primary" && !spec.spec.skipPgCatalogUpdates;
}

/** Whether a start with this spec leaves subscribers off: it is to drop inherited subscriptions, but not to touch the catalog (T17). */
export function holdsSubscribers(spec: DerivedSpec): boolean {
  return spec.spec.dropSubscriptionsBeforeStart && !appliesCatalog(spec);
}

/** Whether this Postgres knows the size limit; stock Postgres takes the setting but does nothing with it. */
export function hasSizeLimit(ports: ComputePorts): boolean {
  return ports.server.hasLibrary("neon");
}

/**
 * Applies the catalog with the size limit lifted, and puts it back into force whatever the outcome (CONF-43, CONF-T7).
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
  } catch (error) {
    // A connection that breaks is told before the process that broke it.
    await Promise.race([postgres.exited, sleep(postgresEndMsMax, signal)]).catch(() => {});
    if (!ended.signal.aborted || error === ended.signal.reason) throw error;
    throw new Error(ended.signal.reason.message, { cause: error });
  } finally {
    if (hasSizeLimit(ports)) {
      await ports.pgdata.writeOverride("");
      if (!ended.signal.aborted) await postgres.reload(signal);
    }
  }
}
