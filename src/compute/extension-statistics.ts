import { sleep } from "../base/deadline.ts";
import { describeError } from "../base/error-chain.ts";
import type { Log } from "../base/log.ts";

const intervalDefaultSeconds = 3600;
/** Twice that still fits into a timer. */
const intervalSecondsMax = 1_000_000;
/** How often it looks whether the apply that it waits for is over. */
const busyMs = 100;

/** What the statistics of installed extensions need of the outside. */
export interface ExtensionStatisticsPorts {
  readonly log: Log;
  /** Collects once, and publishes what it found (CAT-10). */
  collect(signal: AbortSignal): Promise<void>;
  /** Whether the catalog is being applied: a visit to template1 could fail its `CREATE DATABASE` (T22). */
  isApplying(): boolean;
}

/** The statistics worker (LIFE-24). */
export interface ExtensionStatistics {
  /** Takes over `suspend_timeout_seconds` of a spec as the interval; the sleep that goes on stays as it is. */
  setInterval(suspendTimeoutSeconds: bigint): void;
  /** One collection, waited for until no apply goes on; failures are logged. Rejects with the signal's reason only. */
  collectOnce(signal: AbortSignal): Promise<void>;
  /** Sleeps and collects in turn until the signal fires (CAT-11); never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** The interval that `suspend_timeout_seconds` asks for, in seconds: what is not positive stands for an hour (SPEC-66, T21). */
export function statisticsInterval(suspendTimeoutSeconds: bigint): number {
  if (suspendTimeoutSeconds <= 0n) return intervalDefaultSeconds;
  return Math.min(Number(suspendTimeoutSeconds), intervalSecondsMax);
}

/**
 * How long to sleep next, in seconds: twice the interval, and never less than before (CAT-11).
 * @param previous undefined before the first sleep
 */
export function nextSleepSeconds(previous: number | undefined, intervalSeconds: number): number {
  return Math.max(previous ?? 0, 2 * intervalSeconds);
}

/** @param intervalSeconds the value of `--installed-extensions-collection-interval`, in force until a spec has its own */
export function createExtensionStatistics(
  ports: ExtensionStatisticsPorts,
  intervalSeconds: bigint,
): ExtensionStatistics {
  const { log } = ports;
  let interval = statisticsInterval(intervalSeconds);

  async function collectOnce(signal: AbortSignal): Promise<void> {
    while (ports.isApplying()) await sleep(busyMs, signal);
    try {
      await ports.collect(signal);
    } catch (error) {
      signal.throwIfAborted();
      log.error(describeError(error));
    }
  }

  async function loop(signal: AbortSignal): Promise<never> {
    let seconds = nextSleepSeconds(undefined, interval);
    log.info(`[NEON_EXT_SPAWN] Spawning background installed extensions worker with Timeout: ${seconds}`);
    for (;;) {
      log.info(`[NEON_EXT_INT_SLEEP]: Interval: ${seconds}`);
      await sleep(seconds * 1000, signal);
      await collectOnce(signal);
      seconds = nextSleepSeconds(seconds, interval);
    }
  }

  return {
    setInterval(suspendTimeoutSeconds) {
      interval = statisticsInterval(suspendTimeoutSeconds);
    },
    collectOnce,
    run: (signal) => loop(signal).catch(() => {}),
  };
}
