import type { Step } from "./step.ts";

/** Small enough that two sessions end at about the same time, large enough that round trips do not count. */
export const stepsMax = 50;
/** Postgres refuses these inside a transaction, and several statements in one query are one. */
const runsAlone: ReadonlySet<Step["kind"]> = new Set(["create-database", "drop-database"]);

/** Cuts steps into batches that can each be sent as one query, in order. */
export function batchSteps(steps: readonly Step[]): readonly (readonly Step[])[] {
  const batches: Step[][] = [];
  let open: Step[] | undefined;
  for (const step of steps) {
    if (runsAlone.has(step.kind)) {
      batches.push([step]);
      open = undefined;
    } else if (open === undefined || open.length === stepsMax) {
      open = [step];
      batches.push(open);
    } else open.push(step);
  }
  return batches;
}
