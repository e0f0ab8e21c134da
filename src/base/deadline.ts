import { setTimeout as delay } from "node:timers/promises";

/** A wait that took longer than its limit. */
export class DeadlineError extends Error {
  readonly code = "DEADLINE";
  /** @param what what was waited for, as in "connecting to safekeeper sk-1:5454" */
  constructor(what: string, limitMs: number) {
    super(`${what} took longer than ${limitMs} ms`);
    this.name = "DeadlineError";
  }
}

/**
 * Runs `work` with a signal that fires when `limitMs` have passed or `signal` fires, and rejects at that moment with a
 * {@link DeadlineError} or the signal's reason, whether or not `work` heeds its signal.
 */
export async function withDeadline<T>(
  what: string,
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const gaveUp = Promise.withResolvers<never>();
  const abort = (reason: unknown): void => {
    controller.abort(reason);
    gaveUp.reject(reason);
  };
  const onAbort = (): void => abort(signal.reason);
  const timer = setTimeout(() => abort(new DeadlineError(what, limitMs)), limitMs);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work(controller.signal), gaveUp.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Waits `ms` milliseconds; rejects with the signal's reason as soon as it fires. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
