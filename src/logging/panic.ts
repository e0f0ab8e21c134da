import { describeError } from "../base/error-chain.ts";
import type { Log } from "../base/log.ts";

/** Where in our sources a line of a stack trace is; `file:///x/src/a.ts:1:2` and `/x/src/a.ts:1:2` both end in this. */
const place = /(src\/[^():]+:\d+:\d+|[^/():]+:\d+:\d+)\)?$/m;

/**
 * Logs an error that nobody caught (LIFE-88): `ERROR panic{thread=… location=…}: <text>`.
 * @param thread the flow that it ended
 */
export function logPanic(log: Log, error: unknown, thread: string): void {
  const location = error instanceof Error ? place.exec(error.stack ?? "")?.[1] : undefined;
  log.span("panic", { thread, location }).error(describeError(error));
}
