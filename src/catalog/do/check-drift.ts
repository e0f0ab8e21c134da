import { type PlanInput, readPlan } from "./plan-catalog.ts";
import type { ErrandPorts } from "./with-session.ts";

/** How far the catalog is from what the spec wants: the steps that an apply would take. */
export interface DriftReport {
  readonly steps: number;
  /** By phase; those without steps are left out. */
  readonly phases: readonly { readonly name: string; readonly steps: number }[];
}

/**
 * Compares the running catalog with the spec in force and logs one line. Only reads, and looks into every database.
 * @throws as `readPlan`
 */
export async function checkDrift(input: PlanInput, ports: ErrandPorts): Promise<DriftReport> {
  const plan = await readPlan(input, ports);
  const phases = plan.phases.map(({ name, steps }) => ({ name, steps: steps.length }));
  const steps = phases.reduce((sum, phase) => sum + phase.steps, 0);
  if (steps === 0) ports.log.info("no drift: the catalog is as the spec wants it");
  else
    ports.log.warn(`the catalog has drifted: ${phases.map((phase) => `${phase.name} ${phase.steps}`).join(", ")}`, {
      steps,
    });
  return { steps, phases };
}
