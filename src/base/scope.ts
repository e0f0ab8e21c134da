import { DeadlineError, withDeadline } from "./deadline.ts";
import { describeError } from "./error-chain.ts";
import type { Log } from "./log.ts";

/** Lets go of something: closes a socket, stops a child, removes a folder. */
export type Release = () => Promise<void> | void;

/** How long one release may take before the next one begins. */
const releaseMsMax = 10_000;

/**
 * Runs `body`, then lets go of everything it registered by `onExit`, the last opened first. A release that fails or takes
 * too long is logged, and the others still run.
 */
export async function withScope<T>(
  log: Log,
  body: (onExit: (name: string, release: Release) => void) => Promise<T>,
): Promise<T> {
  const releases: { readonly name: string; readonly release: Release }[] = [];
  try {
    return await body((name, release) => {
      releases.push({ name, release });
    });
  } finally {
    for (const { name, release } of releases.reverse()) {
      await runRelease(log, name, release);
    }
  }
}

async function runRelease(log: Log, name: string, release: Release): Promise<void> {
  try {
    await withDeadline(name, releaseMsMax, new AbortController().signal, async () => release());
  } catch (error) {
    const late = error instanceof DeadlineError;
    log.warn(late ? `gave up waiting: ${error.message}` : `could not ${name}: ${describeError(error)}`);
  }
}
