/** What a compute was asked to do. */
export type OperationKind = "start" | "configure" | "refresh" | "renew-certificate" | "terminate";

/** One request to change a compute and what became of it; kept in memory for as long as the process lives. */
export interface Operation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly state: "running" | "succeeded" | "failed";
  /** Why it failed, as `/status` shows errors. */
  readonly error: string | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}
