import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Log } from "../../src/base/log.ts";
import { runCompute } from "../run-compute.ts";
import { partNames } from "./parts.ts";

const run = promisify(execFile);

/** Without chance in V8's tables, the same script and run give the same bytes; the code itself does not depend on it. */
const withoutChance: readonly string[] = ["--hash-seed=1", "--random-seed=1", "--no-flush-bytecode"];

/** Where V8's header of a cache tells under which flags it was made. */
const flagHash = { start: 12, end: 16 } as const;

/**
 * Runs the program once from start to end, against stand-in storage, and writes the code that V8 compiled meanwhile beside the
 * scripts in `scripts`, as `PART.code`: what a start needs, and nothing that it does not.
 */
export async function recordCode(scripts: string, nodeFlags: readonly string[], log: Log): Promise<void> {
  const recorder = new URL("main-of-recording.cjs", import.meta.url).pathname;
  // It writes at its end.
  await runCompute([process.execPath, ...nodeFlags, ...withoutChance, recorder, scripts], 1, log, async () => {});
  for (const part of partNames) {
    const file = join(scripts, `${part}.code`);
    await writeFile(file, await underFlags(await readFile(file), nodeFlags));
  }
}

/** V8 refuses a cache that was made under other flags; those that take chance out do not change the code. */
async function underFlags(cache: Buffer, nodeFlags: readonly string[]): Promise<Buffer> {
  const script = "process.stdout.write(new vm.Script('0').createCachedData().toString('hex'))";
  const { stdout } = await run(process.execPath, [...nodeFlags, "-e", script]);
  Buffer.from(stdout, "hex").copy(cache, flagHash.start, flagHash.start, flagHash.end);
  return cache;
}
