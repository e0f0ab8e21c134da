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
  "terminate-fast",
  "terminate-immediate",
  /** Postgres is gone and the final LSN is known. */
  "postgres-ended",
  /** Postgres is gone, but where its WAL ends could not be learned. */
  "final-sync-failed",
] as const;

export type ComputeEvent = (typeof computeEvents)[number];

/** Where an event leads; `refused` when it must not happen in that status. */
export type Transition = ComputeStatus | "refused";

const refusesAll: Readonly<Record<ComputeEvent, "refused">> = {
  "spec-known": "refused",
  configure: "refused",
  start: "refused",
  started: "refused",
  "start-failed": "refused",
  reconfigure: "refused",
  reconfigured: "refused",
  "reconfigure-failed": "refused",
  "terminate-fast": "refused",
  "terminate-immediate": "refused",
  "postgres-ended": "refused",
  "final-sync-failed": "refused",
};

/** The status machine (LIFE-41): every status against every event. */
const transitions: Readonly<Record<ComputeStatus, Readonly<Record<ComputeEvent, Transition>>>> = {
  // `terminate-*` on an empty compute leaves the status alone (HTTP-49) and is answered without this table.
  empty: { ...refusesAll, "spec-known": "init", configure: "configuration_pending" },
  configuration_pending: { ...refusesAll, start: "init", reconfigure: "configuration" },
  init: { ...refusesAll, started: "running", "start-failed": "failed" },
  running: {
    ...refusesAll,
    configure: "configuration_pending",
    "terminate-fast": "termination_pending_fast",
    "terminate-immediate": "termination_pending_immediate",
  },
  configuration: { ...refusesAll, reconfigured: "running", "reconfigure-failed": "failed" },
  failed: refusesAll,
  termination_pending_fast: { ...refusesAll, "postgres-ended": "terminated", "final-sync-failed": "failed" },
  termination_pending_immediate: { ...refusesAll, "postgres-ended": "terminated", "final-sync-failed": "failed" },
  terminated: refusesAll,
  refresh_configuration_pending: refusesAll,
  refresh_configuration: refusesAll,
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
