import type { LeaseView } from "../compute/lease.ts";
import type { Metrics } from "../metrics/registry.ts";

const outcomes = { held: "granted", failing: "failed", refused: "refused" } as const;

/** Shows how the lease stands (MET-20). */
export function measureLease(metrics: Metrics, { state, expires }: LeaseView): void {
  if (state === "asking") return;
  metrics.add("compute_ctl_lsn_lease_rounds_total", { outcome: outcomes[state] }, 1);
  if (expires === null) return;
  const value = Math.floor(expires.getTime() / 1000);
  metrics.replaceAll("compute_ctl_lsn_lease_expires_timestamp_seconds", [{ labels: {}, value }]);
}
