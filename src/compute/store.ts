import { unlessAborted } from "../base/deadline.ts";
import type { Lsn } from "../base/lsn.ts";
import type { DerivedSpec } from "../spec/types.ts";
import type { StatusView } from "./control.ts";
import { noStartupMetrics, type StartupMetricName, type StartupMetrics } from "./startup-metrics.ts";
import type { ComputeStatus } from "./status.ts";
import { type ComputeEvent, nextStatus } from "./transitions.ts";

/** The whole mutable state of a compute (LIFE-44). */
export interface ComputeState {
  readonly status: ComputeStatus;
  /** Why the start or the last reconfiguration failed, as `/status` shows it. */
  readonly error: string | null;
  readonly spec: DerivedSpec | null;
  /** Process start; moved to the moment when a first spec reaches an empty compute (LIFE-6). */
  readonly startTime: Date;
  readonly metrics: StartupMetrics;
  /** Microseconds since 1970; null for never since the start (MON-11). */
  readonly lastActiveMicros: number | null;
  /** The LSN of the base backup; zero for the newest, null before it is known. */
  readonly startLsn: Lsn | null;
  /** The LSN that the final sync found; null before, and for computes that do not write. */
  readonly terminationLsn: Lsn | null;
  /** The first start or the final sync failed: the process is about to end, and nothing but that can follow (T-10). */
  readonly isEnding: boolean;
}

/** What may change together with a status. */
export type StatePatch = Partial<Pick<ComputeState, "error" | "spec" | "startTime" | "terminationLsn">>;

/** Told of every change of status: the log line, the metric and whatever else must never miss one. */
export type StatusListener = (before: ComputeStatus, after: ComputeStatus) => void;

/** The one writer of a compute's state. Nothing in here waits, so every method is atomic (LIFE-45). */
export interface ComputeStore {
  get(): ComputeState;
  view(): StatusView;
  /** Applies an event and its patch; false, and nothing changed, when the status machine refuses it. */
  dispatch(event: ComputeEvent, patch?: StatePatch): boolean;
  /** Resolves at the first moment, now included, when `holds` is true of the status; rejects when the signal fires. */
  until(holds: (status: ComputeStatus) => boolean, signal: AbortSignal): Promise<void>;
  /** The base backup is taken at this LSN. */
  startsFrom(lsn: Lsn): void;
  /** Customers were active then, in microseconds since 1970; a moment before the known one changes nothing (MON-12). */
  sawActivity(micros: number): void;
  /** Sets figures of the start (LIFE-65); whole numbers, rounded down. */
  measure(figures: Partial<Record<StartupMetricName, number>>): void;
}

/** A store in status `empty`. */
export function createStore(startTime: Date, onStatusChange: StatusListener): ComputeStore {
  let state: ComputeState = {
    status: "empty",
    error: null,
    spec: null,
    startTime,
    metrics: noStartupMetrics,
    lastActiveMicros: null,
    startLsn: null,
    terminationLsn: null,
    isEnding: false,
  };
  const waiters = new Set<() => void>();
  return {
    get: () => state,
    view: () => viewOf(state),
    dispatch(event, patch = {}) {
      const before = state.status;
      const after = nextStatus(before, event);
      if (after === "refused" || (event === "refresh" && state.isEnding)) return false;
      const isEnding = state.isEnding || event === "start-failed" || event === "final-sync-failed";
      state = { ...state, ...patch, status: after, isEnding };
      onStatusChange(before, after);
      for (const look of [...waiters]) look();
      return true;
    },
    async until(holds, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        if (holds(state.status)) resolve();
      };
      waiters.add(look);
      try {
        look();
        await unlessAborted(promise, signal);
      } finally {
        waiters.delete(look);
      }
    },
    startsFrom(lsn) {
      state = { ...state, startLsn: lsn };
    },
    sawActivity(micros) {
      state = { ...state, lastActiveMicros: Math.max(state.lastActiveMicros ?? micros, micros) };
    },
    measure(figures) {
      const whole = Object.entries(figures).map(([name, value]) => [name, Math.floor(value)]);
      state = { ...state, metrics: { ...state.metrics, ...Object.fromEntries(whole) } };
    },
  };
}

function viewOf(state: ComputeState): StatusView {
  return {
    startTime: state.startTime,
    tenant: state.spec?.tenantId ?? null,
    timeline: state.spec?.timelineId ?? null,
    status: state.status,
    lastActiveMicros: state.lastActiveMicros,
    error: state.error,
  };
}
