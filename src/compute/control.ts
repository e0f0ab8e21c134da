import type { Lsn } from "../base/lsn.ts";
import type { Config, Problem } from "../spec/types.ts";
import type { StartupMetrics } from "./startup-metrics.ts";
import type { ComputeStatus } from "./status.ts";

/** What `/status` tells (HTTP-32). */
export interface StatusView {
  readonly startTime: Date;
  readonly tenant: string | null;
  readonly timeline: string | null;
  readonly status: ComputeStatus;
  readonly lastActive: Date | null;
  readonly error: string | null;
}

/** How long the process lingers after termination (LIFE-35); Postgres is shut down fast in both. */
export type TerminateMode = "fast" | "immediate";

/** How a `/configure` ended (HTTP-38 to HTTP-41). */
export type ConfigureOutcome =
  | { readonly kind: "running"; readonly view: StatusView }
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

/** The compute as its HTTP servers see it: everything a route may ask or order. */
export interface ComputeControl {
  status(): StatusView;
  startupMetrics(): StartupMetrics;
  /** Takes over a config's spec; answers when its outcome is known. A caller that goes away changes nothing. */
  configure(config: Config): Promise<ConfigureOutcome>;
  /** Ends the compute; answers when Postgres is gone and the LSN is known. */
  terminate(mode: TerminateMode): Promise<TerminateOutcome>;
}
