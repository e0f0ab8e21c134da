import { stepsMax } from "./batch.ts";
import type { StepOrder } from "./plan.ts";
import type { SystemStep } from "./step.ts";

/** Cuts the steps of a phase into shares that sessions can work through side by side, each share in order. */
export function shareSteps(steps: readonly SystemStep[], order: StepOrder): readonly (readonly SystemStep[])[] {
  if (order === "strict") return steps.length === 0 ? [] : [steps];
  const shares: SystemStep[][] = [];
  const byDatabase = new Map<string, SystemStep[]>();
  for (const step of steps) {
    const key = order === "by database" && "name" in step ? step.name : undefined;
    const open = key === undefined ? shares.at(-1) : byDatabase.get(key);
    if (open !== undefined && (key !== undefined || open.length < stepsMax)) {
      open.push(step);
      continue;
    }
    const share = [step];
    shares.push(share);
    if (key !== undefined) byDatabase.set(key, share);
  }
  return shares;
}
