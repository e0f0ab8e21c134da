import { unlessAborted, withDeadline } from "../base/deadline.ts";
import { describeError } from "../base/error-chain.ts";
import type { PlanInput } from "../catalog/do/plan-catalog.ts";
import {
  type MigrationProgress,
  type MigrationState,
  migrationProgress,
  noMigrationYet,
} from "../catalog/migrations/state.ts";
import type { VerifiedDatabases } from "../catalog/verified.ts";
import type { DriftView } from "../catalog/view.ts";
import { createdExtensions } from "../catalog/wanted.ts";
import type { CatalogPort } from "../compute/ports.ts";
import { preloadsLibrary } from "../conf/preload-libraries.ts";
import type { Metrics } from "../metrics/registry.ts";
import type { DerivedSpec } from "../spec/types.ts";
import type { Extensions } from "./extensions.ts";
import type { Facts, Surroundings } from "./facts.ts";
import { loadCatalog, loadLooks, loadMigrations } from "./load.ts";
import { ownSessions } from "./open-session.ts";

/** A look for drift is in no hurry, and leaves connections to customers. */
const lookConcurrency = 2;
/** A look into a hundred databases takes a second; this long only one that waits for somebody's lock. */
const planMsMax = 60_000;
/** APPLY-9: in lakebase mode no statement of a start takes longer. */
const lakebaseStatementMsMax = 120_000;

/** The catalog of the Postgres that runs. */
export function catalogPort(
  facts: Facts,
  { log, clock }: Surroundings,
  metrics: Metrics,
  beforeCreate: Extensions["beforeCreate"],
): CatalogPort {
  const openSession = ownSessions(facts);
  let appliedOperationUuid: string | null = null;
  const verified: VerifiedDatabases = new Map();
  const lakebase = facts.settings.lakebasePort !== null;
  const sessionLimits = lakebase ? { statementMsMax: lakebaseStatementMsMax } : {};
  let progress = noMigrationYet;
  let drift: DriftView | null = null;

  function show(next: MigrationProgress): void {
    progress = next;
    const { applied, stage } = next;
    metrics.replaceAll(
      "compute_ctl_db_migration_id",
      applied === null ? [] : [{ labels: { state: stage }, value: applied }],
    );
  }

  function look(spec: DerivedSpec): PlanInput {
    const { privilegedRoleName } = facts.settings;
    return {
      spec,
      privilegedRoleName,
      lakebase,
      strict: facts.strict,
      concurrency: lookConcurrency,
      appliedOperationUuid,
    };
  }

  function found(phases: DriftView["phases"]): void {
    drift = { checkedAt: clock.now(), phases };
  }

  return {
    async apply(spec, concurrency, signal) {
      const { applyCatalog } = await loadCatalog();
      for (const name of createdExtensions(spec)) await beforeCreate(name, null, signal);
      drift = null;
      const input = {
        spec,
        privilegedRoleName: facts.settings.privilegedRoleName,
        concurrency,
        neonRequired: preloadsLibrary(spec.spec.cluster, "neon"),
        appliedOperationUuid,
        lakebase,
        strict: facts.strict,
        verified,
        writePasswordsDirectly: facts.writePasswordsDirectly,
      };
      const { phases } = await applyCatalog(input, {
        openSession,
        log: log.span("apply_config"),
        clock,
        signal,
        sessionLimits,
      });
      for (const { name, ms } of phases) {
        metrics.observe("compute_ctl_apply_phase_seconds", { phase: name }, ms / 1000);
      }
      appliedOperationUuid = spec.spec.operationUuid;
    },
    async migrate(signal) {
      const { runMigrations } = await loadMigrations();
      show({ ...noMigrationYet, stage: "running" });
      const ports = {
        openSession,
        log: log.span("handle_migrations"),
        clock,
        signal,
        onFailed: (id: number) => metrics.add("compute_ctl_db_migration_failed_total", { migration_id: String(id) }, 1),
        onRetry: () => metrics.add("compute_ctl_retries_total", { kind: "migrations" }, 1),
        onState: (state: MigrationState) => show(migrationProgress(state)),
      };
      try {
        const { failingMigration: failing, settings } = facts;
        await runMigrations({ privilegedRoleName: settings.privilegedRoleName, failing, ...sessionLimits }, ports);
      } catch (error) {
        show({ ...progress, stage: "failed", failed: { id: null, error: describeError(error) } });
        throw error;
      }
    },
    migrations: () => progress,
    async plan(spec, signal) {
      const { readPlan } = await loadLooks();
      const ports = { openSession, log: log.span("plan") };
      const plan = await withDeadline("planning", planMsMax, signal, (linked) =>
        readPlan(look(spec), { ...ports, signal: linked }),
      );
      found(plan.phases.map(({ name, steps }) => ({ name, steps: steps.length })));
      return plan;
    },
    async checkDrift(spec, signal) {
      const { checkDrift } = await loadLooks();
      const { phases } = await checkDrift(look(spec), { openSession, log: log.span("check_drift"), signal });
      found(phases);
      const samples = phases.map(({ name, steps }) => ({ labels: { phase: name }, value: steps }));
      metrics.replaceAll("compute_ctl_catalog_drift_steps", samples);
    },
    drift: () => drift,
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
