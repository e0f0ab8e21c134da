import type { ComputeStatus } from "./status.ts";

/** One step of the start, in milliseconds since the process began; `endMs` is null while it goes on. */
export interface Phase {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number | null;
}

/** A status and since when it was in force. */
export interface StatusChange {
  readonly status: ComputeStatus;
  readonly at: Date;
}

/** The story so far: the waterfall of the start and the newest changes of status, the oldest first. */
export interface Timeline {
  readonly phases: readonly Phase[];
  readonly changes: readonly StatusChange[];
}
