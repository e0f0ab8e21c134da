import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { errorCode } from "../../../src/base/error-chain.ts";
import type { ComputeProcess } from "../support/compute-process.ts";
import { type FolderProcess, processesOf } from "../support/leftovers.ts";
import { type World, withWorld } from "../support/world.ts";

type Victim = "compute_ctl" | "Postgres";

const startPoints = 12;
const stopPoints = 8;

/** How long after the blow everything must be over. */
const endMsMax = 15_000;
/** How long backends may take to notice that their postmaster is gone. */
const noticeMsMax = 2_000;
const pollMs = 10;

const counts = { runs: 0, nextStarts: 0, tooLate: 0 };
after(() => {
  const { runs, nextStarts, tooLate } = counts;
  process.stdout.write(
    `# kill matrix: ${runs} runs, ${nextStarts} next starts that worked, ${tooLate} where the victim was gone already\n`,
  );
});

/** How long a start and a stop take on this machine, in milliseconds. */
interface Spans {
  /** From exec to the moment when Postgres has its pid file. */
  readonly postgresMs: number;
  readonly startMs: number;
  /** Until each of the two is gone. */
  readonly stopMs: Readonly<Record<Victim, number>>;
}

describe("the kill matrix: the next start works, wherever the blow falls", { concurrency: 2 }, () => {
  for (const victim of ["compute_ctl", "Postgres"] as const) {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      it(`${signal} to ${victim} at ${startPoints + stopPoints} points of a start and a stop`, () =>
        withWorld({}, async (world) => {
          const spans = await measure(world);
          for (let point = 0; point < startPoints; point += 1) {
            await strikeStart(world, { victim, signal }, spans, point / startPoints);
            await end(world, await nextStart(world));
          }
          let compute = await nextStart(world);
          for (let point = 0; point < stopPoints; point += 1) {
            await strikeStop(world, compute, { victim, signal }, (spans.stopMs[victim] * point) / stopPoints);
            compute = await nextStart(world);
          }
          await end(world, compute);
        }));
    }
  }
});

interface Blow {
  readonly victim: Victim;
  readonly signal: "SIGTERM" | "SIGKILL";
}

function launch(world: World): Promise<ComputeProcess> {
  return world.start({ config: world.config(), lingerSeconds: 0 });
}

async function measure(world: World): Promise<Spans> {
  const beganAt = performance.now();
  const compute = await launch(world);
  while ((await postmasterPid(world)) === undefined) await delay(pollMs);
  const postgresMs = performance.now() - beganAt;
  await compute.waitFor("running");
  const startMs = performance.now() - beganAt;
  const stopAt = performance.now();
  const answer = compute.request("POST", "/terminate");
  while ((await postmasterPid(world)) !== undefined) await delay(pollMs);
  const postgresGoneMs = performance.now() - stopAt;
  await answer;
  await compute.exited;
  return { postgresMs, startMs, stopMs: { Postgres: postgresGoneMs, compute_ctl: performance.now() - stopAt } };
}

/** Strikes after a fraction of the start: of all of it, or of the time in which there is a Postgres. */
async function strikeStart(world: World, blow: Blow, spans: Spans, fraction: number): Promise<void> {
  const compute = await launch(world);
  if (blow.victim === "Postgres") {
    while ((await postmasterPid(world)) === undefined) await delay(pollMs);
    await delay((spans.startMs - spans.postgresMs) * fraction);
  } else {
    await delay(spans.startMs * fraction);
  }
  await strike(world, compute, blow);
}

async function strikeStop(world: World, compute: ComputeProcess, blow: Blow, afterMs: number): Promise<void> {
  const answer = compute.request("POST", "/terminate").catch(() => {});
  await delay(afterMs);
  await strike(world, compute, blow);
  await answer;
}

async function strike(world: World, compute: ComputeProcess, { victim, signal }: Blow): Promise<void> {
  counts.runs += 1;
  const pid = victim === "compute_ctl" ? compute.pid : await postmasterPid(world);
  if (!tryKill(pid, signal)) counts.tooLate += 1;
  const exit = await Promise.race([compute.exited, delay(endMsMax, undefined, { ref: false })]);
  assert.ok(exit !== undefined, `it went on after ${signal} to ${victim}:\n${compute.log()}`);
  assert.doesNotMatch(compute.log(), /ERROR panic/);
  for (const port of [world.ports.external, world.ports.internal])
    assert.ok(await isFree(port), `port ${port} is held`);
  // Whoever is killed can do nothing about its children: the next start does.
  if (exit.signal === "SIGKILL") return;
  assert.deepEqual(await strays(world, []), [], `${signal} to ${victim} left processes`);
  assert.ok(await isFree(world.ports.postgres), "Postgres's port is held");
}

/** The start after it comes up, and nothing of earlier ones is there any more. */
async function nextStart(world: World): Promise<ComputeProcess> {
  const compute = await launch(world);
  await compute.waitFor("running");
  assert.deepEqual(await strays(world, [compute.pid, await compute.postgresPid()]), []);
  counts.nextStarts += 1;
  return compute;
}

async function end(world: World, compute: ComputeProcess): Promise<void> {
  compute.signal("SIGTERM");
  assert.deepEqual(await compute.exited, { code: 1, signal: null });
  assert.deepEqual(await strays(world, []), []);
}

/** The processes of a world that are none of `parents` and no children of theirs, after some time to go. */
async function strays(world: World, parents: readonly number[]): Promise<readonly FolderProcess[]> {
  const look = (): readonly FolderProcess[] =>
    processesOf(world.folder).filter(({ pid }) => {
      const parent = parentOf(pid);
      return parent !== undefined && !parents.includes(pid) && !parents.includes(parent);
    });
  let left = look();
  for (let waited = 0; waited < noticeMsMax && left.length > 0; waited += pollMs) {
    await delay(pollMs);
    left = look();
  }
  return left;
}

/** Undefined when the process has gone meanwhile. */
function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}

/** Who wrote the pid file and lives; a file that an earlier start left does not count. */
async function postmasterPid(world: World): Promise<number | undefined> {
  const text = await readFile(join(world.pgdata, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number(text.split("\n")[0]);
  return pid > 0 && processesOf(world.folder).some((each) => each.pid === pid) ? pid : undefined;
}

function tryKill(pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
    throw error;
  }
}

async function isFree(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.on("connect", () => resolve(false));
  socket.on("error", () => resolve(true));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
