import type { Clock } from "../base/clock.ts";
import type { ComputeStatus } from "./status.ts";
import type { Phase, StatusChange, Timeline } from "./timeline.ts";

/** How many changes of status are remembered. */
const changesMax = 200;

/** Writes down what happens when. */
export interface TimelineRecorder {
  /** Runs one step of the start and notes when it began and ended, however it ended. */
  phase<T>(name: string, work: () => Promise<T>): Promise<T>;
  changed(status: ComputeStatus): void;
  read(): Timeline;
}

/** A recorder that begins with the status `empty`. */
export function createTimelineRecorder(clock: Clock): TimelineRecorder {
  const phases: Phase[] = [];
  const changes: StatusChange[] = [{ status: "empty", at: clock.now() }];
  return {
    async phase(name, work) {
      const at = phases.push({ name, startMs: clock.monotonicMs(), endMs: null }) - 1;
      try {
        return await work();
      } finally {
        const began = phases[at];
        if (began !== undefined) phases[at] = { ...began, endMs: clock.monotonicMs() };
      }
    },
    changed(status) {
      changes.push({ status, at: clock.now() });
      if (changes.length > changesMax) changes.shift();
    },
    read: () => ({ phases: [...phases], changes: [...changes] }),
  };
}
