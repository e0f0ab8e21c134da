import { readFileSync } from "node:fs";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { cleanMappings } from "../clean-mappings.ts";

/** The kernel's number for "not needed now". */
const dontNeed = 4;

/**
 * Gives back to the system what a start has used and an idle compute does not: garbage, freed buffers that the C library keeps,
 * and pages of the program's own file, which the kernel brings back when they are needed. Takes some ten milliseconds. Where
 * a part of it cannot be done, that part is left out.
 */
export async function giveBackMemory(log: Pick<Log, "debug">): Promise<void> {
  const before = process.memoryUsage.rss();
  try {
    await collectGarbage();
    await releasePages();
  } catch (error) {
    log.debug(`not all memory could be given back: ${describeError(error)}`);
  }
  const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
  log.debug("gave memory back", { before_mb: megabytes(before), after_mb: megabytes(process.memoryUsage.rss()) });
}

async function collectGarbage(): Promise<void> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([import("node:v8"), import("node:vm")]);
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof collect === "function") await collect({ type: "major", execution: "async" });
}

async function releasePages(): Promise<void> {
  const { dlopen } = await import("node:ffi");
  const { functions } = dlopen(null, {
    madvise: { arguments: ["uint64", "uint64", "int32"], return: "int32" },
    malloc_trim: { arguments: ["uint64"], return: "int32" },
  });
  functions.malloc_trim(0n);
  for (const { start, bytes } of cleanMappings(readFileSync("/proc/self/smaps", "latin1"))) {
    functions.madvise(start, bytes, dontNeed);
  }
}
