import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { withScope } from "../../base/scope.ts";
import { type OpenSession, type SqlSession, sqlState } from "../../base/sql.ts";
import type { DatabasesPhase, Phase, Plan } from "../plan.ts";
import { planDatabase } from "../plan-database.ts";
import type { DatabaseSnapshot } from "../snapshot.ts";
import type { DatabaseTask } from "../task.ts";
import { inParallel } from "./in-parallel.ts";
import { openMaintenanceSession } from "./maintenance-session.ts";
import { namedFailure } from "./named-failure.ts";
import { readDatabaseSnapshot } from "./read-snapshot.ts";
import { runSteps } from "./run-steps.ts";

const noSuchDatabase = "3D000";

/** What an apply works with. */
export interface ApplyPorts {
  readonly openSession: OpenSession;
  readonly log: Log;
  readonly clock: Clock;
  /** Ends the apply and closes its sessions. */
  readonly signal: AbortSignal;
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
  concurrency: number,
  ports: ApplyPorts,
): Promise<readonly PhaseReport[]> {
  const reports: PhaseReport[] = [];
  for (const phase of plan.phases) {
    ports.signal.throwIfAborted();
    const log = ports.log.span("db_apply_changes", { phase: phase.name });
    const startedMs = ports.clock.monotonicMs();
    const steps = await runPhase(phase, session, concurrency, { ...ports, log });
    const ms = Math.round(ports.clock.monotonicMs() - startedMs);
    log.info(`applied ${phase.name}`, { steps, ms });
    reports.push({ name: phase.name, steps, ms });
  }
  return reports;
}

async function runPhase(phase: Phase, session: SqlSession, concurrency: number, ports: ApplyPorts): Promise<number> {
  if (phase.where === "system") {
    await runSteps(session, phase.steps, "", ports.log);
    return phase.steps.length;
  }
  const counts = await inParallel(phase.tasks, concurrency, (task) => runTask(phase, task, ports));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Returns how many steps the database needed. */
async function runTask(phase: DatabasesPhase, task: DatabaseTask, ports: ApplyPorts): Promise<number> {
  const { log } = ports;
  const database = JSON.stringify(task.database);
  return withScope(log, async (onExit) => {
    const session = await openTaskSession(phase, task, ports);
    if (session === null) return 0;
    onExit(`close the session in database ${database}`, session.close);
    const steps = planDatabase(task, await lookAround(session, task));
    await runSteps(session, steps, ` in database ${database}`, log);
    return steps.length;
  });
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
  { openSession, signal, log }: ApplyPorts,
): Promise<SqlSession | null> {
  try {
    return await openMaintenanceSession(openSession, signal, database);
  } catch (error) {
    if (phase.mayBeGone && sqlState(error) === noSuchDatabase) {
      log.warn(`database ${JSON.stringify(database)} is gone already`);
      return null;
    }
    throw namedFailure(`could not work in database ${JSON.stringify(database)}`, error);
  }
}
