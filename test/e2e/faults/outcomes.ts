import assert from "node:assert/strict";
import type { ComputeProcess, Exit } from "../support/compute-process.ts";
import type { StartOptions, World } from "../support/world.ts";

/** One try after the first, half a second later. */
export const fewRetries = { NEON_COMPUTE_TESTING_BASEBACKUP_RETRIES: "1" } as const;
export const noRetries = { NEON_COMPUTE_TESTING_BASEBACKUP_RETRIES: "0" } as const;

const failed: Exit = { code: 1, signal: null };

/** The program ends by itself with exit code 1, and the last it says on stderr begins with `Error: `. */
export async function refusesToStart(compute: ComputeProcess): Promise<string> {
  assert.deepEqual(await compute.exited, failed, compute.log());
  assert.equal(compute.stdout(), "");
  const said = /^Error: (.*)$/ms.exec(compute.log())?.[1];
  assert.ok(said !== undefined, compute.log());
  return said;
}

/**
 * A start fails: the error can be read in `/status` and on stderr, and the exit code is 1.
 * @returns the error of `/status`
 */
export async function startFails(world: World, options: StartOptions): Promise<string> {
  const compute = await world.start({ lingerSeconds: 30, ...options });
  await compute.waitFor("failed");
  const { error } = (await compute.status()) ?? {};
  assert.ok(typeof error === "string");
  assert.match(compute.log(), / ERROR could not start the compute node: /);
  const [headline = ""] = error.split("\n");
  assert.ok(compute.log().includes(headline), `${headline} is not in the log`);
  await endsBySignal(compute);
  return error;
}

/** SIGTERM ends the program with exit code 1. */
export async function endsBySignal(compute: ComputeProcess): Promise<void> {
  compute.signal("SIGTERM");
  assert.deepEqual(await compute.exited, failed, compute.log());
  assert.doesNotMatch(compute.log(), /ERROR panic/);
}

/** A start with good input on the same data directory and ports succeeds: what went before left nothing in its way. */
export async function comesUp(world: World): Promise<void> {
  const compute = await world.start({ config: world.config() });
  await compute.waitFor("running");
  await endsBySignal(compute);
}

/** Makes a sync necessary: all WAL is on all of them, but not all know that it is committed. */
export function makeDiffer({ storage: { lsn, safekeepers } }: World): void {
  for (const [index, safekeeper] of safekeepers.entries()) {
    safekeeper.setPosition({ flushLsn: lsn, commitLsn: index === 0 ? lsn : lsn - 8n });
  }
}
