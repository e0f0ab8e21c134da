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

/** Waits for `promise`, but no longer than until the signal fires; then it rejects with the signal's reason. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * Waits for something that is being opened, but no longer than until the signal fires. What comes about after that is closed at
 * once: nobody wants it any more.
 * @throws why it could not be opened; the signal's reason when it fires
 */
export async function openUnlessAborted<T extends { close(): Promise<void> }>(
  opening: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await unlessAborted(opening, signal);
  } catch (error) {
    opening.then((late) => late.close()).catch(() => {});
    throw error;
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
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DeadlineError(what, limitMs)), limitMs);
  const linked = AbortSignal.any([signal, late.signal]);
  try {
    return await unlessAborted(work(linked), linked);
  } finally {
    clearTimeout(timer);
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
