import { appendFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { withDeadline } from "../base/deadline.ts";
import { describeError } from "../base/error-chain.ts";
import { formatLakebaseLine, type LogIds, lakebaseFileName, outdatedLogFiles } from "./lakebase-line.ts";
import type { LogEvent } from "./line.ts";

/** Lakebase's log files (LIFE-86). */
export interface LogDirectory {
  /** Queues the line of an event; never blocks, never throws. */
  write(event: LogEvent): void;
  /** Sets what later lines call this compute. */
  identify(ids: LogIds): void;
  /** Resolves when everything queued is in its file, or after `limitMs`; never rejects. */
  flush(limitMs: number): Promise<void>;
}

/** How many characters may wait for a slow disk. */
const queuedLengthMax = 16 * 1024 * 1024;

/**
 * Makes the writer of a directory's log files, one per day. It creates the directory and removes files but the two newest.
 * What cannot be written is lost.
 * @param onProblem told why, once until there is another reason or it works again
 */
export function createLogDirectory(directory: string, onProblem: (problem: string) => void): LogDirectory {
  let ids: LogIds = { instanceId: "", computeId: "" };
  let queue: { readonly file: string; text: string }[] = [];
  let queuedLength = 0;
  let currentFile: string | undefined;
  let problem: string | undefined;
  let draining: Promise<void> | undefined;

  const report = (found: string | undefined): void => {
    if (found !== undefined && found !== problem) onProblem(`cannot keep log files in ${directory}: ${found}`);
    problem = found;
  };

  const append = async (file: string, text: string): Promise<void> => {
    const isNew = file !== currentFile;
    if (isNew) await mkdir(directory, { recursive: true });
    await appendFile(join(directory, file), text);
    if (!isNew) return;
    for (const name of outdatedLogFiles(await readdir(directory), file)) await rm(join(directory, name));
    currentFile = file;
  };

  const drain = async (): Promise<void> => {
    // Events of the same turn go into one write.
    await new Promise((resolve) => setImmediate(resolve));
    for (let batch = queue; batch.length > 0; batch = queue) {
      queue = [];
      queuedLength = 0;
      for (const { file, text } of batch) {
        try {
          await append(file, text);
          report(undefined);
        } catch (error) {
          // The directory may have been removed; the next line makes it anew.
          currentFile = undefined;
          report(describeError(error));
        }
      }
    }
    draining = undefined;
  };

  return {
    write(event) {
      const text = formatLakebaseLine(event, ids);
      if (queuedLength + text.length > queuedLengthMax) return report("the disk is too slow");
      queuedLength += text.length;
      const file = lakebaseFileName(event.timeMicros);
      const last = queue.at(-1);
      if (last?.file === file) last.text += text;
      else queue.push({ file, text });
      draining ??= drain();
    },
    identify(known) {
      ids = known;
    },
    async flush(limitMs) {
      const all = draining;
      if (all === undefined) return;
      const wait = withDeadline("writing the last lines", limitMs, new AbortController().signal, () => all);
      await wait.catch((error: unknown) => report(describeError(error)));
    },
  };
}
