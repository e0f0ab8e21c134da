/** How one attempt to get a config ended. */
export interface FailedAttempt {
  /** Counts from 1. */
  readonly attempt: number;
  /** The same, but anew once the control plane has answered at all for the first time. */
  readonly step: number;
  /** Since the first attempt began. */
  readonly waitedMs: number;
  /** What the control plane asked for by `Retry-After`; null when it did not. */
  readonly retryAfterMs: number | null;
}

/** How long and how often the control plane is asked. */
export interface ControlPlaneSchedule {
  /** The pause in milliseconds after a failed attempt, and whether there is another attempt after it. */
  next(failed: FailedAttempt): { readonly pauseMs: number; readonly again: boolean };
  /** The time that one attempt may take, from the connection to the last byte. */
  readonly attemptMsMax: number;
  /** The part of it that the connection may take, name lookup included (FIELD-12). */
  readonly connectMsMax: number;
  /** Whether an answer with this status, which is not 200, is worth another attempt. */
  retries(status: number): boolean;
  /** Whether an answer without a spec that says it is attached is worth another attempt. */
  readonly retriesMissingSpec: boolean;
  /** Tells each failed attempt, or only a change of the reason. */
  readonly tells: "each" | "changes";
}

const attemptMsMax = 30_000;

/** The schedule of the original (SPEC-81, SPEC-82): three attempts, and only a busy gateway is asked again. */
export const originalSchedule: ControlPlaneSchedule = {
  next: ({ attempt }) => ({ pauseMs: 100, again: attempt < 3 }),
  attemptMsMax,
  connectMsMax: attemptMsMax,
  retries: (status) => status === 502 || status === 503,
  retriesMissingSpec: false,
  tells: "each",
};

/** What no waiting mends: the request itself is wrong, or may not be made. */
const finalStatuses: ReadonlySet<number> = new Set([400, 401, 403]);
const pauseMs = { first: 100, max: 10_000 } as const;

/**
 * A schedule that outlasts a control plane which is down, busy, or answers nonsense (FIELD-3): pauses of 0.1 s that double up
 * to 10 s, each somewhere in its upper half so that a thousand computes do not come at once, for `limitMs` in all. The last
 * attempt is made when the time is up. A control plane that answers for the first time is asked quickly again.
 * @param random from 0 to 1, anew at each call
 */
export function patientSchedule(limitMs: number, random: () => number): ControlPlaneSchedule {
  return {
    next({ step, waitedMs, retryAfterMs }) {
      const leftMs = limitMs - waitedMs;
      const fullMs = Math.min(pauseMs.max, pauseMs.first * 2 ** Math.min(step, 10));
      const ownMs = Math.max(pauseMs.first, Math.round((fullMs / 2) * (1 + random())));
      return { pauseMs: Math.max(0, Math.min(Math.max(ownMs, retryAfterMs ?? 0), leftMs)), again: leftMs > 0 };
    },
    attemptMsMax,
    connectMsMax: 5_000,
    retries: (status) => !finalStatuses.has(status),
    retriesMissingSpec: true,
    tells: "changes",
  };
}

/** The milliseconds that a `Retry-After` header asks for, in seconds or as a date; null when it is neither. */
export function retryAfterMs(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}

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
