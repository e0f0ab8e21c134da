import { availableParallelism } from "node:os";
import { withScope } from "../../base/scope.ts";
import type { SqlSession } from "../../base/sql.ts";
import type { SystemPhase } from "../plan.ts";
import type { PasswordWriting } from "../render-batch.ts";
import { shareSteps } from "../share-steps.ts";
import type { SystemStep } from "../step.ts";
import type { ApplyPorts } from "./apply-ports.ts";
import { isEmptyPassword } from "./empty-password.ts";
import { inParallel } from "./in-parallel.ts";
import { openMaintenanceSession } from "./maintenance-session.ts";
import { runSteps } from "./run-steps.ts";

/** How the steps in the system database are run. */
export interface SystemPhaseLimits {
  /** Sessions for roles: the server hashes a password on one core, for milliseconds. */
  readonly roleConnections: number;
  /** Sessions for creating databases. */
  readonly databaseConnections: number;
  readonly passwords: PasswordWriting;
}

interface Job {
  readonly share: readonly SystemStep[];
  readonly passwords: PasswordWriting;
}

/** As many as there are cores, but not all four threads of Node's pool: files and names are looked up on them too. */
const checksAtOnce = Math.min(availableParallelism(), 3);

/** Runs a phase of the system database, in several sessions when its order allows that and there is enough to do. */
export async function runSystemPhase(
  { steps, order }: SystemPhase,
  session: SqlSession,
  limits: SystemPhaseLimits,
  { openSession, log, signal, sessionLimits }: Omit<ApplyPorts, "clock">,
): Promise<void> {
  const direct = limits.passwords === "catalog" && order === "free" ? await withSetPassword(steps) : new Set();
  const plain = shareSteps(
    steps.filter((step) => !direct.has(step)),
    order,
  );
  const written = shareSteps(
    steps.filter((step) => direct.has(step)),
    order,
  );
  const jobs: readonly Job[] = [
    ...plain.map((share) => ({ share, passwords: "statement" as const })),
    ...written.map((share) => ({ share, passwords: "catalog" as const })),
  ];
  const most = order === "free" ? limits.roleConnections : limits.databaseConnections;
  await withScope(log, async (onExit) => {
    const idle = [session];
    while (idle.length < Math.min(most, jobs.length)) {
      const extra = await openMaintenanceSession(openSession, signal, sessionLimits);
      onExit("close an extra session of the apply", extra.close);
      idle.push(extra);
    }
    await inParallel(jobs, idle.length, async ({ share, passwords }) => {
      const own = idle.pop() ?? session;
      try {
        await runSteps(own, share, "", log, passwords);
      } finally {
        idle.push(own);
      }
    });
  });
}

/** The steps that give a password which Postgres would take; it clears empty ones, and is left to do that. */
async function withSetPassword(steps: readonly SystemStep[]): Promise<ReadonlySet<SystemStep>> {
  const taken = await inParallel(steps, checksAtOnce, async (step) => {
    if (!("role" in step) || step.role.verifier === null) return false;
    return !(await isEmptyPassword(step.role.name, step.role.verifier));
  });
  return new Set(steps.filter((_, index) => taken[index]));
}
