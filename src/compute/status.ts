/** The eleven states of a compute (LIFE-40), as JSON spells them. */
export const computeStatuses = [
  "empty",
  "configuration_pending",
  "init",
  "running",
  "configuration",
  "failed",
  "termination_pending_fast",
  "termination_pending_immediate",
  "terminated",
  "refresh_configuration_pending",
  "refresh_configuration",
] as const;

export type ComputeStatus = (typeof computeStatuses)[number];

/** The form with hyphens that logs, 412 answers and the `status` label of `compute_ctl_up` use. */
export function statusText(status: ComputeStatus): string {
  return status.replaceAll("_", "-");
}

/** Whether a termination was accepted and goes on. */
export function isTerminating(status: ComputeStatus): boolean {
  return status === "termination_pending_fast" || status === "termination_pending_immediate";
}
