import { sleep } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { isHopeless } from "../retry.ts";

/** What is tried, and how often. */
export interface Retrying {
  /** As in "attempt 1/11 to {what} failed". */
  readonly what: string;
  /** The pauses between tries, in milliseconds: one try more than there are pauses. */
  readonly pausesMs: readonly number[];
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Told before each try but the first. */
  readonly onRetry?: (() => void) | undefined;
}

/** Runs `work` until it succeeds, the pauses are used up or trying again cannot help; logs each failure, throws the last. */
export async function withRetries<T>(retrying: Retrying, work: () => Promise<T>): Promise<T> {
  const { what, pausesMs, log, signal } = retrying;
  const attempts = pausesMs.length + 1;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const pauseMs = isHopeless(error) ? undefined : pausesMs[attempt - 1];
      const next = pauseMs === undefined ? "giving up" : `next try in ${Math.round(pauseMs)} ms`;
      log.warn(`attempt ${attempt}/${attempts} to ${what} failed, ${next}: ${describeError(error)}`);
      if (pauseMs === undefined) throw error;
      await sleep(pauseMs, signal);
      retrying.onRetry?.();
    }
  }
}
