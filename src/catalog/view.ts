import { describeStep } from "./describe.ts";
import type { Plan } from "./plan.ts";
import { planDatabase } from "./plan-database.ts";
import type { DatabaseSnapshot } from "./snapshot.ts";
import type { Step } from "./step.ts";
import type { DatabaseTask } from "./task.ts";

/** A step for people and programs, without secrets. */
export interface StepView {
  readonly kind: Step["kind"];
  /** Where it runs, when that is not the system database. */
  readonly database: string | null;
  readonly what: string;
  readonly why: string;
}

/** What an apply would do. */
export interface PlanView {
  /** Whether it would change anything. */
  readonly changes: boolean;
  readonly phases: readonly { readonly name: string; readonly steps: readonly StepView[] }[];
  readonly warnings: readonly string[];
}

/** How far a catalog was from what the spec wants when it was last looked at. */
export interface DriftView {
  readonly checkedAt: Date;
  /** Those with steps. */
  readonly phases: readonly { readonly name: string; readonly steps: number }[];
}

/**
 * Spells out a plan, with the steps inside databases.
 * @param inside what the databases say, by OID; a database that is yet to be created is taken for one from a plain template
 */
export function viewPlan(plan: Plan, inside: ReadonlyMap<string, DatabaseSnapshot>, serverMajor: number): PlanView {
  const newDatabase = plainDatabase(serverMajor);
  const view = (step: Step, database: string | null): StepView => ({
    kind: step.kind,
    database,
    what: describeStep(step),
    why: step.why,
  });
  const stepsIn = (task: DatabaseTask): readonly StepView[] =>
    planDatabase(task, inside.get(task.oid) ?? newDatabase).map((step) => view(step, task.database));
  const phases = plan.phases
    .map((phase) => ({
      name: phase.name,
      steps: phase.where === "system" ? phase.steps.map((step) => view(step, null)) : phase.tasks.flatMap(stepsIn),
    }))
    .filter(({ steps }) => steps.length > 0);
  return { changes: phases.length > 0, phases, warnings: plan.warnings };
}

/** A plan as text: its phases with a line for each step. */
export function renderPlanText({ changes, phases, warnings }: PlanView): string {
  const lines = warnings.map((warning) => `warning: ${warning}`);
  if (!changes) return [...lines, "nothing to change: the catalog is as the spec wants it", ""].join("\n");
  const count = phases.reduce((sum, { steps }) => sum + steps.length, 0);
  for (const { name, steps } of phases) {
    lines.push(name);
    for (const { database, what, why } of steps) {
      lines.push(`  ${database === null ? "" : `in ${JSON.stringify(database)}: `}${what} (${why})`);
    }
  }
  return [...lines, `${count} ${count === 1 ? "step" : "steps"}`, ""].join("\n");
}

function plainDatabase(serverMajor: number): DatabaseSnapshot {
  return {
    oid: "",
    publicOwner: serverMajor >= 15 ? "pg_database_owner" : "cloud_admin",
    webAccessCreates: false,
    defaultTableGrants: false,
    defaultSequenceGrants: false,
    defaultGrants: "",
  };
}
