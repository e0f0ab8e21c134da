import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ComputeProcess } from "../support/compute-process.ts";
import type { ConfigJson } from "../support/config.ts";
import { endLeftProcesses, processesOf } from "../support/leftovers.ts";
import { type World, withWorld } from "../support/world.ts";
import { comesUp, endsBySignal, noRetries, startFails } from "./outcomes.ts";

/** A supervisor's patience after SIGTERM (LIFE-36). */
const patienceMs = 10_000;

/** From before the program has begun to well after it is running. */
const delaysMs = [0, 40, 80, 120, 160, 200, 250, 300, 350, 400, 500, 600, 800, 1100];

/** Making them takes seconds. */
const manyDatabases = Array.from({ length: 60 }, (_, index) => ({
  name: `d${index}`,
  owner: "cloud_admin",
  options: null,
}));

/** Kills Postgres when the log matches; returns the error of the failed start. */
async function failsWhenPostgresIsKilled(world: World, config: ConfigJson, when: RegExp): Promise<string> {
  const compute = await world.start({ config, lingerSeconds: 30 });
  await compute.waitForLog(when);
  process.kill(await compute.postgresPid(), "SIGKILL");
  await compute.waitFor("failed");
  const { error } = (await compute.status()) ?? {};
  await endsBySignal(compute);
  return error ?? "";
}

/** SIGTERM ends it in time, with nothing left of it and of its Postgres. */
async function goesInTime(world: World, compute: ComputeProcess, what: string): Promise<void> {
  compute.signal("SIGTERM");
  const exit = await Promise.race([compute.exited, delay(patienceMs, undefined, { ref: false })]);
  // Until it has written its first line, nobody heeds a signal but the kernel; there is nothing to end either.
  const early = compute.log() === "";
  assert.deepEqual(
    exit,
    early ? (exit?.code === 1 ? exit : { code: null, signal: "SIGTERM" }) : { code: 1, signal: null },
    what,
  );
  assert.deepEqual(await endLeftProcesses(world.folder), [], what);
  assert.doesNotMatch(compute.log(), /panic| ERROR |Error: /, what);
}

describe("SIGTERM (LIFE-36)", () => {
  it("at any moment of a start ends everything, and the next start succeeds", () =>
    withWorld({ tokens: true }, async (world) => {
      for (const delayMs of delaysMs) {
        const compute = await world.start({ config: world.config() });
        await delay(delayMs);
        await goesInTime(world, compute, `after ${delayMs} ms`);
      }
      await comesUp(world);
    }));

  it("while the base backup trickles in", () =>
    withWorld(
      { faults: { pageserver: { fault: { kind: "trickle", chunkBytes: 1024, pauseMs: 50 }, times: 1 } } },
      async (world) => {
        const compute = await world.start({ config: world.config() });
        await compute.waitForLog(/fetching base backup/);
        await delay(100);
        await goesInTime(world, compute, "trickling");
        assert.doesNotMatch(compute.log(), /unpacked base backup/);
        await comesUp(world);
      },
    ));

  it("while a pageserver says nothing, and between two tries", () =>
    withWorld({}, async (world) => {
      for (const kind of ["silent", "hang-up"] as const) {
        world.storage.pageserver.setFaults({ fault: { kind } });
        const compute = await world.start({ config: world.config() });
        await compute.waitForLog(kind === "silent" ? /fetching base backup/ : /next try in 500 ms/);
        await delay(50);
        await goesInTime(world, compute, kind);
      }
      world.storage.pageserver.setFaults(null);
      await comesUp(world);
    }));

  it("while the safekeepers say nothing", () =>
    withWorld({}, async (world) => {
      for (const safekeeper of world.storage.safekeepers) safekeeper.setFaults({ fault: { kind: "silent" }, times: 1 });
      const compute = await world.start({ config: world.config() });
      await compute.waitForLog(/starting compute for/);
      await delay(30);
      await goesInTime(world, compute, "asking safekeepers");
      await comesUp(world);
    }));

  it("while the catalog is being read, and Postgres does not answer", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config({ settings: { post_auth_delay: "2" } }) });
      await compute.waitForLog(/Postgres is ready/);
      await delay(100);
      await goesInTime(world, compute, "reading the catalog");
      await comesUp(world);
    }));

  it("while databases are being made", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config({ cluster: { databases: manyDatabases } }) });
      await compute.waitForLog(/Postgres is ready/);
      await delay(250);
      await goesInTime(world, compute, "making databases");
      assert.doesNotMatch(compute.log(), /compute start finished/);
      await comesUp(world);
    }));

  it("ends the time in which a failure can be read", () =>
    withWorld({ faults: { pageserver: { fault: { kind: "hang-up" } } } }, async (world) => {
      await startFails(world, { config: world.config(), env: noRetries, lingerSeconds: 300 });
    }));

  it("ends a compute that waits for its first spec", () =>
    withWorld({}, async (world) => {
      const { compute_ctl_config } = world.config();
      const compute = await world.start({ config: { compute_ctl_config } });
      await compute.waitFor("empty");
      await goesInTime(world, compute, "empty");
    }));
});

describe("SIGKILL", () => {
  it("of compute_ctl leaves a Postgres that the next start ends before it takes over", () =>
    withWorld({}, async (world) => {
      const killed = await world.start({ config: world.config() });
      await killed.waitFor("running");
      const leftover = await killed.postgresPid();
      killed.signal("SIGKILL");
      assert.deepEqual(await killed.exited, { code: null, signal: "SIGKILL" });
      const compute = await world.start({ config: world.config() });
      await compute.waitFor("running");
      assert.match(compute.log(), new RegExp(`a Postgres of an earlier start still runs .* pid=${leftover}`));
      assert.ok(!processesOf(world.folder).some(({ pid }) => pid === leftover));
      assert.notEqual(await compute.postgresPid(), leftover);
      await endsBySignal(compute);
    }));

  it("of compute_ctl in the middle of unpacking is no obstacle to the next start", () =>
    withWorld(
      { faults: { pageserver: { fault: { kind: "trickle", chunkBytes: 4096, pauseMs: 5 }, times: 1 } } },
      async (world) => {
        const killed = await world.start({ config: world.config() });
        await killed.waitForLog(/fetching base backup/);
        await delay(150);
        killed.signal("SIGKILL");
        await killed.exited;
        await comesUp(world);
      },
    ));

  it("LIFE-17: of Postgres before it is ready fails the start", () =>
    withWorld({}, async (world) => {
      // A standby that takes no connections never says that it is ready.
      const config = world.config({ spec: { mode: "Replica" }, settings: { hot_standby: "off" } });
      const error = await failsWhenPostgresIsKilled(world, config, /LOG: {2}entering standby mode/);
      assert.match(error, /^Postgres exited unexpectedly with code -1$/);
      await comesUp(world);
    }));

  it("LIFE-18: of Postgres while databases are being made fails the start", () =>
    withWorld({}, async (world) => {
      const config = world.config({ cluster: { databases: manyDatabases } });
      const error = await failsWhenPostgresIsKilled(world, config, /phase="privileged role"\}: applied/);
      assert.match(error, /^Postgres ended while the catalog was applied \(signal: 9/);
      await comesUp(world);
    }));

  it("LIFE-34: of a running Postgres ends the program with 1", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config() });
      await compute.waitFor("running");
      process.kill(await compute.postgresPid(), "SIGKILL");
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
      assert.match(compute.log(), /Postgres exited with code signal: 9 \(SIGKILL\), shutting down/);
      await comesUp(world);
    }));
});
