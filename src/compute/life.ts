import type { TraceContext } from "../base/tracer.ts";
import type { ComputeSpec, DerivedSpec } from "../spec/types.ts";
import type { ActivityMonitor } from "./activity-monitor.ts";
import type { ConfigureOutcome, TerminateOutcome } from "./control.ts";
import type { ExtensionStatistics } from "./extension-statistics.ts";
import { createFeatureNotes } from "./feature-notes.ts";
import { createLeaseKeeper, type LeaseKeeper } from "./lease.ts";
import { createOperations, type Operations } from "./operations.ts";
import type { ComputePorts, ComputeSettings, PostgresProcess } from "./ports.ts";
import type { ComputeStore } from "./store.ts";
import type { TimelineRecorder } from "./timeline-recorder.ts";

/** What {@link createLife} is made from. */
export interface LifeParts {
  readonly ports: ComputePorts;
  readonly settings: ComputeSettings;
  readonly store: ComputeStore;
  readonly timeline: TimelineRecorder;
  readonly statistics: ExtensionStatistics;
  readonly activity: ActivityMonitor;
}

/** What the main flow of a compute (`lifecycle.ts`) shares with the orders that reach it meanwhile (`orders.ts`). */
export interface Life extends LifeParts {
  readonly operations: Operations;
  readonly lease: LeaseKeeper;
  /** Fires when a signal, or something as final, ends the life. */
  readonly interruption: AbortController;
  /** Fires when a forced termination ends a start, or the time after a failed one. */
  readonly force: AbortController;
  readonly firstSpec: PromiseWithResolvers<DerivedSpec | "terminated-empty">;
  readonly startOutcome: PromiseWithResolvers<ConfigureOutcome>;
  readonly terminateOutcome: PromiseWithResolvers<TerminateOutcome>;
  /** Tells which features a spec switches on, each change once. */
  readonly noteFeatures: (spec: ComputeSpec) => void;
  /** The span of the request that brought the first spec. */
  startTrace: TraceContext | undefined;
  /** Undefined before Postgres is spawned and after it has ended. */
  postgres: PostgresProcess | undefined;
  /** The start left subscribers switched off, because it could not drop the subscriptions that it was told to drop (T17). */
  subscribersHeld: boolean;
  /** The spec that is in force as a whole; undefined before, and after one that failed half way. */
  applied: DerivedSpec | undefined;
}

/** A life that has not begun. */
export function createLife(parts: LifeParts): Life {
  return {
    ...parts,
    noteFeatures: createFeatureNotes(parts.ports.log),
    lease: createLeaseKeeper(parts.ports, parts.store),
    operations: createOperations(parts.ports.clock.now, parts.ports.newId),
    interruption: new AbortController(),
    force: new AbortController(),
    firstSpec: Promise.withResolvers(),
    startOutcome: Promise.withResolvers(),
    terminateOutcome: Promise.withResolvers(),
    startTrace: undefined,
    postgres: undefined,
    subscribersHeld: false,
    applied: undefined,
  };
}
