import type { PredictedCatalog } from "./predict.ts";
import type { SystemStep } from "./step.ts";
import type { DatabaseTask } from "./task.ts";
import type { WantedCatalog } from "./wanted.ts";

/** What a planner sees. */
export interface PlanContext {
  readonly wanted: WantedCatalog;
  /** The catalog as it will be when all steps yielded so far are done. */
  readonly catalog: PredictedCatalog;
  readonly verified: ReadonlyMap<string, string>;
  /** Whether new databases may become copies of the first of them. */
  readonly mayCopy: boolean;
  /** Tells people of something that was left out. */
  readonly warn: (message: string) => void;
}

/** Yields a phase's steps in order; each is in {@link PlanContext.catalog} by the time the planner goes on. */
export type StepPlanner = (context: PlanContext) => Iterable<SystemStep>;

/** Says which databases a phase visits. */
export type TaskPlanner = (context: PlanContext) => readonly DatabaseTask[];
