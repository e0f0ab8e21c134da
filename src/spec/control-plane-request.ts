/** How long and how often the control plane is asked. */
export interface ControlPlaneSchedule {
  /** One attempt for each; the pause in milliseconds follows it when it fails, also the last. */
  readonly pausesMs: Iterable<number>;
  /** The time that one attempt may take, from the connection to the last byte. */
  readonly attemptMsMax: number;
  /** Whether an answer with this status, which is not 200, is worth another attempt. */
  retries(status: number): boolean;
}

/** The schedule of the original (SPEC-81, SPEC-82): three attempts, and only a busy gateway is asked again. */
export const originalSchedule: ControlPlaneSchedule = {
  pausesMs: [100, 100, 100],
  attemptMsMax: 30_000,
  retries: (status) => status === 502 || status === 503,
};

/**
 * The address of a compute's spec (SPEC-80). The base stays as it is written, whatever slashes it ends in; a `/` in the id
 * stays one too, but nothing else in it can leave the path.
 * @throws TypeError when that is no URL
 */
export function specUrl(base: string, computeId: string): URL {
  const id = computeId.split("/").map(encodeURIComponent).join("/");
  return new URL(`${base}/compute/api/v2/computes/${id}/spec`);
}

/** What to check when the control plane answers with this status; empty when that is not plain. */
export function statusHint(status: number): string {
  if (status === 401 || status === 403) return " (check NEON_CONTROL_PLANE_TOKEN)";
  return status === 404 ? " (check --control-plane-uri and --compute-id)" : "";
}
