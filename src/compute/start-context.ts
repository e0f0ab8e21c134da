import type { ComputePorts, ComputeSettings, PostgresProcess } from "./ports.ts";
import type { ComputeStore } from "./store.ts";
import type { TimelineRecorder } from "./timeline-recorder.ts";

/** What a start works with. */
export interface StartContext {
  readonly ports: ComputePorts;
  readonly settings: ComputeSettings;
  readonly store: ComputeStore;
  readonly timeline: TimelineRecorder;
  /** Told of the process at once, so that a signal or a failure can end it. */
  readonly onSpawned: (postgres: PostgresProcess) => void;
}
