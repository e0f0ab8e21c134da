import type { PlanContext, StepPlanner, TaskPlanner } from "./plan-context.ts";
import {
  planDatabaseDeltas,
  planDatabases,
  planFirstDatabase,
  planInvalidDrops,
  planOpenings,
} from "./plan-databases.ts";
import { planAuthExtension, planPlatformGrants, planPlatformRoles, planReaderTimeouts } from "./plan-lakebase.ts";
import { planPrivilegedRole, planRoleDrops, planRoleRenames, planRoles } from "./plan-roles.ts";
import {
  planAudit,
  planHealthCheck,
  planNeonExtension,
  planNeonSchema,
  planStatStatements,
  planSubscriptionsRecord,
} from "./plan-system-objects.ts";
import { planDatabaseTasks, planFirstDatabaseTask, planPreDropTasks, publicSchemaWish } from "./plan-tasks.ts";
import { type PredictedCatalog, predictFrom, predictStep, predictTask } from "./predict.ts";
import type { CatalogSnapshot } from "./snapshot.ts";
import type { SystemStep } from "./step.ts";
import type { DatabaseTask, PublicSchemaWish } from "./task.ts";
import type { WantedCatalog } from "./wanted.ts";

/**
 * How the steps of a phase depend on each other: each on those before it, or only on those about the same database, or not
 * at all.
 */
export type StepOrder = "strict" | "by database" | "free";

/** Steps for sessions in the system database. */
export interface SystemPhase {
  readonly where: "system";
  readonly name: string;
  readonly steps: readonly SystemStep[];
  readonly order: StepOrder;
}

/** Work inside several databases, side by side. `planDatabase` turns a task into steps when the database has been looked at. */
export interface DatabasesPhase {
  readonly where: "databases";
  readonly name: string;
  readonly tasks: readonly DatabaseTask[];
  /** A database that has disappeared by the time of the phase is worth a warning only. */
  readonly mayBeGone: boolean;
}

export type Phase = SystemPhase | DatabasesPhase;

/** All that an apply does, in order; phases without work are left out. */
export interface Plan {
  readonly phases: readonly Phase[];
  readonly warnings: readonly string[];
  /** Databases that the plan makes as copies of one that is right, with what they should be like inside. */
  readonly copies: ReadonlyMap<string, PublicSchemaWish>;
}

type PlannedPhase =
  | { readonly name: string; readonly steps: StepPlanner; readonly order?: StepOrder }
  | { readonly name: string; readonly tasks: TaskPlanner; readonly mayBeGone: boolean };

/** The phases of chapter 05 §4, in their order. */
const plannedPhases: readonly PlannedPhase[] = [
  { name: "open databases to delete", steps: planOpenings },
  { name: "subscriptions of databases to delete", tasks: planPreDropTasks, mayBeGone: true },
  { name: "privileged role", steps: planPrivilegedRole },
  { name: "platform roles", steps: planPlatformRoles },
  { name: "reader timeouts", steps: planReaderTimeouts },
  { name: "invalid databases", steps: planInvalidDrops },
  { name: "role renames", steps: planRoleRenames },
  { name: "roles", steps: planRoles, order: "free" },
  { name: "database deletions and renames", steps: planDatabaseDeltas },
  { name: "first of many databases", steps: planFirstDatabase },
  { name: "inside the first database", tasks: planFirstDatabaseTask, mayBeGone: false },
  { name: "databases", steps: planDatabases, order: "by database" },
  { name: "schema neon", steps: planNeonSchema },
  { name: "inside databases", tasks: planDatabaseTasks, mayBeGone: false },
  { name: "pg_stat_statements", steps: planStatStatements },
  { name: "neon extension", steps: planNeonExtension },
  { name: "databricks_auth extension", steps: planAuthExtension },
  { name: "health check", steps: planHealthCheck },
  { name: "role deletions", steps: planRoleDrops },
  { name: "platform grants", steps: planPlatformGrants },
  { name: "subscriptions record", steps: planSubscriptionsRecord },
  { name: "audit", steps: planAudit },
];

/**
 * Compares the wanted catalog with the one found (APPLY-19). Each phase is planned from the state that the phases before it
 * will have made.
 * @param verified fingerprints of the databases that need no visit
 * @param mayCopy whether new databases may become copies of the first of them
 */
export function planCatalog(
  wanted: WantedCatalog,
  snapshot: CatalogSnapshot,
  verified: ReadonlyMap<string, string> = new Map(),
  mayCopy = true,
): Plan {
  const warnings: string[] = [];
  const catalog = predictFrom(snapshot);
  const context: PlanContext = { wanted, catalog, verified, mayCopy, warn: (message) => warnings.push(message) };
  const phases = plannedPhases.flatMap((phase): Phase[] => {
    const { name } = phase;
    if ("steps" in phase) {
      const { order = "strict" } = phase;
      const steps = collectSteps(phase.steps(context), catalog);
      return steps.length === 0 ? [] : [{ where: "system", name, steps, order }];
    }
    const tasks = phase.tasks(context);
    for (const task of tasks) predictTask(catalog, task);
    return tasks.length === 0 ? [] : [{ where: "databases", name, tasks, mayBeGone: phase.mayBeGone }];
  });
  return { phases, warnings, copies: copiesOf(context, phases) };
}

function copiesOf(context: PlanContext, phases: readonly Phase[]): ReadonlyMap<string, PublicSchemaWish> {
  const steps = phases.flatMap((phase) => (phase.where === "system" ? phase.steps : []));
  return new Map(
    steps.flatMap((step) =>
      step.kind === "create-database" && step.copyOf !== null
        ? [[step.name, publicSchemaWish(context, step.owner)] as const]
        : [],
    ),
  );
}

function collectSteps(planned: Iterable<SystemStep>, catalog: PredictedCatalog): readonly SystemStep[] {
  const steps: SystemStep[] = [];
  for (const step of planned) {
    steps.push(step);
    predictStep(catalog, step);
  }
  return steps;
}
