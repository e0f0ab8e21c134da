import { type ComputeStatus, computeStatuses } from "./status.ts";

/** What can happen to a compute. Each event is dispatched to the store, which looks up here where it leads. */
export const computeEvents = [
  /** A spec was known when the process started. */
  "spec-known",
  /** `/configure` brought a spec. */
  "configure",
  /** The main flow takes up the first spec. */
  "start",
  "started",
  "start-failed",
  /** The configurator takes up a changed spec. */
  "reconfigure",
  "reconfigured",
  "reconfigure-failed",
  /** Somebody wants the config pulled again. */
  "refresh",
  /** The configurator pulls it. */
  "refresh-began",
  /** The pulled config is in force, or is the one that was. */
  "refreshed",
  "refresh-failed",
  "terminate-fast",
  "terminate-immediate",
  /** The same by `force`, also where a plain order is refused. */
  "force-terminate",
  /** Postgres is gone and the final LSN is known. */
  "postgres-ended",
  /** Postgres is gone, but where its WAL ends could not be learned. */
  "final-sync-failed",
] as const;

export type ComputeEvent = (typeof computeEvents)[number];

/** Where an event leads; `refused` when it must not happen in that status. */
export type Transition = ComputeStatus | "refused";

type Row = Readonly<Record<ComputeEvent, Transition>>;

const refusesAll: Row = {
  "spec-known": "refused",
  configure: "refused",
  start: "refused",
  started: "refused",
  "start-failed": "refused",
  reconfigure: "refused",
  reconfigured: "refused",
  "reconfigure-failed": "refused",
  refresh: "refused",
  "refresh-began": "refused",
  refreshed: "refused",
  "refresh-failed": "refused",
  "terminate-fast": "refused",
  "terminate-immediate": "refused",
  "force-terminate": "refused",
  "postgres-ended": "refused",
  "final-sync-failed": "refused",
};

/** Where nothing but an ending that is forced interferes. */
const busy: Row = { ...refusesAll, "force-terminate": "termination_pending_fast" };

/** Where every order to terminate is taken. */
const interruptible: Row = {
  ...busy,
  "terminate-fast": "termination_pending_fast",
  "terminate-immediate": "termination_pending_immediate",
};

const terminating: Row = { ...refusesAll, "postgres-ended": "terminated", "final-sync-failed": "failed" };

/** The status machine (LIFE-41): every status against every event. */
const transitions: Readonly<Record<ComputeStatus, Row>> = {
  // An empty compute that is told to end keeps its status (HTTP-49) and is answered without this table.
  empty: { ...refusesAll, "spec-known": "init", configure: "configuration_pending" },
  configuration_pending: { ...busy, start: "init", reconfigure: "configuration" },
  init: { ...busy, started: "running", "start-failed": "failed" },
  running: { ...interruptible, configure: "configuration_pending", refresh: "refresh_configuration_pending" },
  configuration: { ...busy, reconfigured: "running", "reconfigure-failed": "failed" },
  // Whether a refresh may lead out depends on what failed: the store refuses it where the process is about to end (T-10).
  failed: { ...busy, refresh: "refresh_configuration_pending" },
  termination_pending_fast: terminating,
  termination_pending_immediate: terminating,
  terminated: refusesAll,
  refresh_configuration_pending: {
    ...interruptible,
    refresh: "refresh_configuration_pending",
    "refresh-began": "refresh_configuration",
  },
  refresh_configuration: {
    ...interruptible,
    refreshed: "running",
    "refresh-failed": "refresh_configuration_pending",
  },
};

/** The status that `event` leads to from `status`, or `refused`. */
export function nextStatus(status: ComputeStatus, event: ComputeEvent): Transition {
  return transitions[status][event];
}

/** All allowed transitions as rows of (from, event, to), in the order of the table. */
export function allowedTransitions(): readonly { from: ComputeStatus; event: ComputeEvent; to: ComputeStatus }[] {
  return computeStatuses.flatMap((from) =>
    computeEvents.flatMap((event) => {
      const to = nextStatus(from, event);
      return to === "refused" ? [] : [{ from, event, to }];
    }),
  );
}
