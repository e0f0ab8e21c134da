import type { Lsn } from "../base/lsn.ts";
import type { TraceContext } from "../base/tracer.ts";
import type { MigrationProgress } from "../catalog/migrations/state.ts";
import type { PlanView } from "../catalog/view.ts";
import type { ServiceView } from "../services/service-view.ts";
import type { Config, Problem } from "../spec/types.ts";
import type { ScalingView } from "../vm-monitor/view.ts";
import type { ActivityView } from "./activity-view.ts";
import type { LeaseView } from "./lease.ts";
import type { Operation } from "./operation.ts";
import type { ComputeOverview } from "./overview.ts";
import type { StartupMetrics } from "./startup-metrics.ts";
import type { ComputeStatus } from "./status.ts";
import type { Timeline } from "./timeline.ts";

/** What `/status` tells (HTTP-32). */
export interface StatusView {
  readonly startTime: Date;
  readonly tenant: string | null;
  readonly timeline: string | null;
  readonly status: ComputeStatus;
  /** The last activity of customers, in microseconds since 1970; null for none since the start. */
  readonly lastActiveMicros: number | null;
  readonly error: string | null;
}

/** How the compute is to end. */
export interface TerminateOrder {
  /** How long the process lingers afterwards (LIFE-35); Postgres is shut down fast in both. */
  readonly mode: "fast" | "immediate";
  /** Also in statuses that refuse otherwise, such as `failed` (FIELD-11). */
  readonly force: boolean;
  /** Joins a termination that goes on already, instead of being refused. */
  readonly join: boolean;
}

/** How a spec is taken over. */
export interface ConfigureOptions {
  /** Whether the answer waits for the outcome. */
  readonly wait: boolean;
  /** The request's span, which the start of an empty compute becomes a child of (HTTP-15). */
  readonly trace?: TraceContext | undefined;
  /** What was taken for something else when the config was read (FIELD-1); told once the spec is taken over. */
  readonly warnings?: readonly string[];
}

/** How a `/configure` ended (HTTP-38 to HTTP-41). */
export type ConfigureOutcome =
  | { readonly kind: "running"; readonly view: StatusView }
  /** Taken over; the outcome will be on record under this operation. */
  | { readonly kind: "accepted"; readonly operation: Operation }
  | { readonly kind: "underivable"; readonly problems: readonly Problem[] }
  | { readonly kind: "refused"; readonly status: ComputeStatus }
  | { readonly kind: "failed"; readonly error: string };

/** How a `/terminate` ended (HTTP-46 to HTTP-51). */
export type TerminateOutcome =
  | { readonly kind: "terminated"; readonly lsn: Lsn | null }
  | { readonly kind: "already-terminated"; readonly lsn: Lsn | null }
  | { readonly kind: "was-empty" }
  | { readonly kind: "refused"; readonly status: ComputeStatus }
  | { readonly kind: "failed"; readonly error: string };

/** What a `/refresh_configuration` came to (HTTP-73); an accepted one is carried out later. */
export type RefreshOutcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly status: ComputeStatus };

/** What a look at the running catalog came to. */
export type PlanOutcome =
  | { readonly kind: "planned"; readonly plan: PlanView }
  /** No spec is in force as a whole. */
  | { readonly kind: "refused"; readonly status: ComputeStatus };

/** The compute as its HTTP servers see it: everything a route may ask or order. */
export interface ComputeControl {
  status(): StatusView;
  startupMetrics(): StartupMetrics;
  /** What keeps the compute awake, and whether Postgres answers. */
  activity(): ActivityView;
  timeline(): Timeline;
  /** How the LSN lease of a static compute stands; null for others. */
  lease(): LeaseView | null;
  /** The spec, the LSNs, and what the last look at the catalog found; from memory. */
  overview(): ComputeOverview;
  /** Where the migrations of the catalog are. */
  migrations(): MigrationProgress;
  /** What another apply of the spec in force would change; rejects when the catalog cannot be read. */
  plan(signal: AbortSignal): Promise<PlanOutcome>;
  /** The newest operations, the oldest first. */
  operations(): readonly Operation[];
  /**
   * Resolves to the view as soon as the status is one of `wanted`, or as it is after `limitMs` milliseconds or when the
   * signal fires; never rejects.
   */
  waitForStatus(wanted: readonly ComputeStatus[], limitMs: number, signal: AbortSignal): Promise<StatusView>;
  /**
   * Takes over a config's spec; answers when its outcome is known, or at once when `wait` is false. A caller that goes
   * away changes nothing.
   */
  configure(config: Config, options: ConfigureOptions): Promise<ConfigureOutcome>;
  /** Has the compute pull its config again (LIFE-29). */
  refresh(): RefreshOutcome;
  /** Ends the compute; answers when Postgres is gone and the LSN is known. */
  terminate(order: TerminateOrder): Promise<TerminateOutcome>;
  /** What the vm-monitor is doing; null where none was started (VM-30). */
  scaling(): ScalingView | null;
  /** How the services beside Postgres are; from memory. */
  services(): readonly ServiceView[];
  /** Whether Postgres accepts connections on its port right now; rejects with the reason when it does not (LIFE-63). */
  checkAlive(signal: AbortSignal): Promise<void>;
}
