import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import { sleep } from "../../base/deadline.ts";

/**
 * Yields once when it watches, and then for every time that something may have happened to one of the files: an event in
 * their folders, which also shows what is renamed or linked into place, and every `everyMs` milliseconds in any case. What
 * happens while the last yield is dealt with gives one more. Ends when the signal fires. A folder that cannot be watched, or not
 * any more, is tried again each time.
 */
export async function* watchFolders(
  paths: readonly string[],
  everyMs: number,
  signal: AbortSignal,
): AsyncGenerator<void, void, void> {
  const folders = new Set(paths.map((path) => dirname(path)));
  const watchers = new Map<string, FSWatcher>();
  let woken = Promise.withResolvers<void>();
  const openAll = (): void => {
    for (const folder of folders) if (!watchers.has(folder)) open(folder);
  };
  const open = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, () => woken.resolve());
      watcher.on("error", () => {
        watchers.delete(folder);
        watcher.close();
        woken.resolve();
      });
      watchers.set(folder, watcher);
    } catch {
      // It is not there, or not ours to watch: looking from time to time has to do.
    }
  };
  try {
    openAll();
    yield;
    while (!signal.aborted) {
      openAll();
      await wokenOrLate(woken.promise, everyMs, signal);
      if (signal.aborted) return;
      woken = Promise.withResolvers<void>();
      yield;
    }
  } finally {
    for (const watcher of watchers.values()) watcher.close();
  }
}

/** Also when the signal fires. */
async function wokenOrLate(woken: Promise<void>, limitMs: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const late = sleep(limitMs, AbortSignal.any([signal, over.signal])).catch(() => {});
  await Promise.race([woken, late]);
  over.abort();
}
