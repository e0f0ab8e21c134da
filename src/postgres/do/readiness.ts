import { type FSWatcher, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { type PostmasterState, postmasterState } from "../pidfile.ts";

const pidFileName = "postmaster.pid";
/** How often to look although nothing was reported: file events can get lost. */
const lookMs = 50;

/**
 * Waits until the pid file in `pgdata` says that connections are taken (CONF-71), by file events and by looking every
 * 50 ms. Has no deadline of its own: `signal` ends the wait.
 * @param onState told of every state seen
 */
export async function waitUntilReady(
  pgdata: string,
  onState: (state: PostmasterState) => void,
  signal: AbortSignal,
): Promise<void> {
  let wake: () => void = () => {};
  const watcher = watchPidFile(pgdata, () => wake());
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      // Armed before the look, so that a change during the look is not missed.
      const { promise: woken, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      signal.throwIfAborted();
      const state = await readState(pgdata);
      onState(state);
      if (state === "ready") return;
      const timer = setTimeout(resolve, lookMs);
      await woken;
      clearTimeout(timer);
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    watcher?.close();
  }
}

async function readState(pgdata: string): Promise<PostmasterState> {
  // Unreadable means not there yet, or just being replaced: both are a matter of looking again.
  return postmasterState(await readFile(`${pgdata}/${pidFileName}`, "utf8").catch(() => ""));
}

/** Watches the folder: a watch on the file would not see it appear. Undefined where watching is impossible; looking is enough. */
function watchPidFile(pgdata: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(pgdata, { persistent: false }, (_event, file) => {
      if (file === pidFileName) onChange();
    });
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
