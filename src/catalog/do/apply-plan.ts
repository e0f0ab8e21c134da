import { withScope } from "../../base/scope.ts";
import { type SqlSession, sqlState } from "../../base/sql.ts";
import type { DatabasesPhase, Phase, Plan } from "../plan.ts";
import { planDatabase, planPublicSchema } from "../plan-database.ts";
import type { DatabaseSnapshot } from "../snapshot.ts";
import type { DatabaseTask, PublicSchemaWish } from "../task.ts";
import { fingerprint, type VerifiedDatabases } from "../verified.ts";
import type { ApplyPorts } from "./apply-ports.ts";
import { inParallel } from "./in-parallel.ts";
import { openMaintenanceSession } from "./maintenance-session.ts";
import { namedFailure } from "./named-failure.ts";
import { readDatabaseSnapshot } from "./read-snapshot.ts";
import { runSteps } from "./run-steps.ts";
import { runSystemPhase, type SystemPhaseLimits } from "./run-system-phase.ts";

const noSuchDatabase = "3D000";

/** How a plan is run. */
export interface ApplyLimits extends SystemPhaseLimits {
  /** How many databases are worked in at the same time. */
  readonly concurrency: number;
  /** Gets what was found right. */
  readonly verified: VerifiedDatabases;
  readonly serverStarted: string;
}

/** How one phase went. */
export interface PhaseReport {
  readonly name: string;
  readonly steps: number;
  readonly ms: number;
}

/**
 * Runs a plan: its phases one after the other, those inside databases in up to `concurrency` databases at the same time
 * (APPLY-20). The first failing step ends the apply, and nothing is undone (APPLY-45).
 * @throws SqlError that names the step
 */
export async function applyPlan(
  plan: Plan,
  session: SqlSession,
  limits: ApplyLimits,
  ports: ApplyPorts,
): Promise<readonly PhaseReport[]> {
  const reports: PhaseReport[] = [];
  for (const phase of plan.phases) {
    ports.signal.throwIfAborted();
    const log = ports.log.span("db_apply_changes", { phase: phase.name });
    const startedMs = ports.clock.monotonicMs();
    const steps = await runPhase(phase, session, limits, { ...ports, log });
    const ms = Math.round(ports.clock.monotonicMs() - startedMs);
    log.info(`applied ${phase.name}`, { steps, ms });
    reports.push({ name: phase.name, steps, ms });
  }
  return reports;
}

async function runPhase(phase: Phase, session: SqlSession, limits: ApplyLimits, ports: ApplyPorts): Promise<number> {
  if (phase.where === "system") {
    await runSystemPhase(phase, session, limits, ports);
    return phase.steps.length;
  }
  const counts = await inParallel(phase.tasks, limits.concurrency, (task) => runTask(phase, task, limits, ports));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Returns how many steps the database needed. */
async function runTask(
  phase: DatabasesPhase,
  task: DatabaseTask,
  limits: ApplyLimits,
  ports: ApplyPorts,
): Promise<number> {
  const { log } = ports;
  const database = JSON.stringify(task.database);
  return withScope(log, async (onExit) => {
    const session = await openTaskSession(phase, task, ports);
    if (session === null) return 0;
    onExit(`close the session in database ${database}`, session.close);
    const found = await lookAround(session, task);
    const steps = planDatabase(task, found);
    await runSteps(session, steps, ` in database ${database}`, log);
    if (task.publicSchema !== null) {
      const now = steps.length === 0 ? found : await lookAround(session, task);
      if (now !== null) remember(task.publicSchema, now, limits);
    }
    return steps.length;
  });
}

/** Only what a second look finds right is remembered: a customer may have been at it since the first. */
function remember(wish: PublicSchemaWish, found: DatabaseSnapshot, { verified, serverStarted }: ApplyLimits): void {
  const seen = fingerprint(wish, serverStarted, found.defaultGrants);
  if (seen !== null && planPublicSchema(wish, found).next().done === true) verified.set(found.oid, seen);
}

/** Null when the task does not depend on what is in the database. */
async function lookAround(
  session: SqlSession,
  { database, publicSchema }: DatabaseTask,
): Promise<DatabaseSnapshot | null> {
  if (publicSchema === null) return null;
  try {
    return await readDatabaseSnapshot(session, publicSchema.privilegedRole);
  } catch (error) {
    throw namedFailure(`could not read schema public of database ${JSON.stringify(database)}`, error);
  }
}

/** Null when the database is gone and the phase does not mind. */
async function openTaskSession(
  phase: DatabasesPhase,
  { database }: DatabaseTask,
  { openSession, signal, log, sessionLimits }: ApplyPorts,
): Promise<SqlSession | null> {
  try {
    return await openMaintenanceSession(openSession, signal, { ...sessionLimits, database });
  } catch (error) {
    if (phase.mayBeGone && sqlState(error) === noSuchDatabase) {
      log.warn(`database ${JSON.stringify(database)} is gone already`);
      return null;
    }
    throw namedFailure(`could not work in database ${JSON.stringify(database)}`, error);
  }
}
