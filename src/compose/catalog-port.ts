import { unlessAborted } from "../base/deadline.ts";
import type { VerifiedDatabases } from "../catalog/verified.ts";
import type { CatalogPort } from "../compute/ports.ts";
import { preloadsLibrary } from "../conf/preload-libraries.ts";
import type { Metrics } from "../metrics/registry.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadCatalog, loadDrift, loadMigrations } from "./load.ts";
import { ownSessions } from "./open-session.ts";

/** A look for drift is in no hurry, and leaves connections to customers. */
const driftConcurrency = 2;
/** APPLY-9: in lakebase mode no statement of a start takes longer. */
const lakebaseStatementMsMax = 120_000;

/** The catalog of the Postgres that runs. */
export function catalogPort(facts: Facts, { log, clock }: Surroundings, metrics: Metrics): CatalogPort {
  const openSession = ownSessions(facts);
  let appliedOperationUuid: string | null = null;
  const verified: VerifiedDatabases = new Map();
  const lakebase = facts.settings.lakebasePort !== null;
  const sessionLimits = lakebase ? { statementMsMax: lakebaseStatementMsMax } : {};
  return {
    async apply(spec, concurrency, signal) {
      const { applyCatalog } = await loadCatalog();
      const input = {
        spec,
        privilegedRoleName: facts.settings.privilegedRoleName,
        concurrency,
        neonRequired: preloadsLibrary(spec.spec.cluster, "neon"),
        appliedOperationUuid,
        lakebase,
        verified,
      };
      await applyCatalog(input, { openSession, log: log.span("apply_config"), clock, signal, sessionLimits });
      appliedOperationUuid = spec.spec.operationUuid;
    },
    async migrate(signal) {
      const { runMigrations } = await loadMigrations();
      await runMigrations(
        { privilegedRoleName: facts.settings.privilegedRoleName, ...sessionLimits },
        {
          openSession,
          log: log.span("handle_migrations"),
          clock,
          signal,
          onFailed: (id) => metrics.add("compute_ctl_db_migration_failed_total", { migration_id: String(id) }, 1),
          onState: () => {},
        },
      );
    },
    async checkDrift(spec, signal) {
      const { checkDrift } = await loadDrift();
      const { privilegedRoleName } = facts.settings;
      const { phases } = await checkDrift(
        { spec, privilegedRoleName, lakebase, concurrency: driftConcurrency, appliedOperationUuid },
        { openSession, log: log.span("check_drift"), signal },
      );
      const samples = phases.map(({ name, steps }) => ({ labels: { phase: name }, value: steps }));
      metrics.replaceAll("compute_ctl_catalog_drift_steps", samples);
    },
    async updateNeonExtension(signal) {
      const session = await openSession({ purpose: "post_apply_config" });
      try {
        await unlessAborted(session.run("SET neon.forward_ddl = false; ALTER EXTENSION neon UPDATE"), signal);
      } finally {
        await session.close();
      }
    },
  };
}
