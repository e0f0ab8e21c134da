import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mib } from "../../src/vm-monitor/sizes.ts";
import { startMonitored } from "./monitored.ts";

const gib = 1024 * mib;
const alterSystem = /^ALTER SYSTEM/;

describe("a session while SQL is slow (VM-13, VM-28)", () => {
  it("VM-13: answers health checks at once, and requests in their order afterwards", async (t) => {
    const world = await startMonitored(t, { cgroup: false });
    const agent = await world.dial();
    const slow = Promise.withResolvers<void>();
    world.lfc.behaviour.hold = { pattern: alterSystem, until: slow.promise };
    const upscaled = agent.upscale(8 * gib);
    const downscaled = agent.downscale(4 * gib);
    assert.deepEqual(await agent.health(), { type: "HealthCheck", id: 6 });
    assert.deepEqual(
      agent.received.map(({ id }) => id),
      [6],
      "nothing else is answered yet",
    );
    slow.resolve();
    await Promise.all([upscaled, downscaled]);
    assert.deepEqual(
      agent.received.map(({ id }) => id),
      [6, 2, 4],
    );
    assert.deepEqual(world.lfc.changes.slice(2), ["limit = 6069", "reload", "limit = 2997", "reload"]);
  });

  it("VM-6: finishes the request in progress before another agent takes over", async (t) => {
    const world = await startMonitored(t, { cgroup: false });
    const first = await world.dial();
    const slow = Promise.withResolvers<void>();
    world.lfc.behaviour.hold = { pattern: alterSystem, until: slow.promise };
    const upscaled = first.upscale(8 * gib);
    const waiting = assert.rejects(first.upscale(4 * gib), /the connection was closed/);
    const second = world.dial();
    await world.until(() => world.monitor.view().counts.sessions === 2);
    assert.deepEqual(await first.health(), { type: "HealthCheck", id: 6 }, "the first one is still there");
    slow.resolve();
    assert.deepEqual(await upscaled, { type: "UpscaleConfirmation", id: 2 });
    assert.deepEqual(await first.closed, { code: 1001, reason: "another agent has connected" });
    await waiting;
    assert.deepEqual((await second).greeted, { version: 1 });
    assert.deepEqual(world.lfc.changes.slice(2), ["limit = 6069", "reload", "limit = 10240", "reload"]);
  });

  it("VM-7: gives a set-up up in time, and says why (trap 13)", async (t) => {
    const never = new Promise<void>(() => {});
    const hold = { pattern: /./, until: never };
    const world = await startMonitored(t, { lfc: { hold }, limits: { setUpMsMax: 400 } });
    const agent = await world.dial();
    assert.match(String(Reflect.get(Object(agent.greeted), "error")), /setting up the session took longer than 300 ms/);
    assert.deepEqual(await agent.closed, { code: 1011, reason: "the session could not be set up" });
    world.lfc.behaviour.hold = null;
    assert.deepEqual((await world.dial()).greeted, { version: 1 }, "it stays ready");
  });
});

describe("what a session finds (VM-18, VM-21, VM-24)", () => {
  it("VM-24: a Postgres that refuses ALTER SYSTEM fails the set-up, which the agent is told (trap 13)", async (t) => {
    const world = await startMonitored(t, { lfc: { fail: { pattern: alterSystem, code: "42501" } } });
    const agent = await world.dial();
    assert.match(String(Reflect.get(Object(agent.greeted), "error")), /made to fail/);
    assert.equal((await agent.closed).code, 1011);
    assert.match(world.lines.join("\n"), /^error: could not set up the session/m);
    world.lfc.behaviour.fail = null;
    assert.deepEqual((await world.dial()).greeted, { version: 1 });
  });

  it("VM-24: a Postgres without a file cache is one warning, and the cgroup is watched alone", async (t) => {
    const world = await startMonitored(t, { lfc: { maxBytes: null } });
    for (let session = 0; session < 2; session += 1) {
      const agent = await world.dialAndSettle();
      assert.equal((await agent.downscale(4 * gib)).Ok, true);
      assert.equal((await agent.downscale(64 * mib)).Ok, false);
      await agent.close();
    }
    assert.deepEqual(world.lfc.changes, []);
    assert.equal(world.lines.filter((line) => line.includes("no file cache is managed")).length, 1);
    assert.equal(world.monitor.view().problem, "no file cache is managed: this Postgres has none that could be sized");
  });

  it("VM-18: a machine without cgroup v2, memory control or the cgroup is one warning, and the file cache is sized alone", async (t) => {
    const world = await startMonitored(t);
    const lacks = [
      ["cgroup.controllers", null, /is no file system of cgroup v2/],
      ["cgroup.controllers", "cpu io\n", /do not control memory/],
    ] as const;
    for (const [file, text, says] of lacks) {
      await world.cgroup.writeRoot(file, text);
      const agent = await world.dial();
      assert.equal((await agent.downscale(64 * mib)).Ok, true);
      assert.match(world.monitor.view().problem ?? "", says);
      await agent.close();
    }
    await world.cgroup.writeRoot("cgroup.controllers", "memory\n");
    await world.cgroup.removeCgroup();
    const agent = await world.dial();
    assert.equal((await agent.downscale(64 * mib)).Ok, true);
    assert.match(world.monitor.view().problem ?? "", /there is no cgroup/);
  });

  it("VM-21: a cgroup that goes ends the session", async (t) => {
    const world = await startMonitored(t);
    const agent = await world.dialAndSettle();
    await world.cgroup.removeCgroup();
    assert.deepEqual(await agent.closed, { code: 1011, reason: "the memory use cannot be read any more" });
    assert.match(world.lines.join("\n"), /^error: the cgroup .* is gone/m);
  });

  it("VM-21: a memory.stat that cannot be read gives no sample, and is no reason to end", async (t) => {
    const world = await startMonitored(t);
    const agent = await world.dialAndSettle();
    await world.cgroup.write("memory.stat", null);
    await agent.health();
    const average = world.monitor.view().session?.averageBytes;
    await world.cgroup.use(2_000);
    await world.until(() => world.monitor.view().session?.averageBytes === 2_000);
    assert.equal(average, 1_000, "not taken for nothing");
    assert.equal((await agent.health()).type, "HealthCheck");
  });

  it("VM-19: begins with the machine's memory, or the cgroup's limit if that is lower", async (t) => {
    const world = await startMonitored(t, { memTotalKib: 4030368 });
    const first = await world.dial();
    assert.equal(world.monitor.view().session?.thresholdBytes, 3508032307);
    assert.deepEqual(world.lfc.changes, ["limit = 2951", "reload"]);
    await first.close();
    await world.cgroup.write("memory.max", `${1024 * mib}\n`);
    await world.dial();
    assert.equal(world.monitor.view().session?.thresholdBytes, 912680550);
    assert.deepEqual(world.lfc.changes.slice(2), ["limit = 698", "reload"]);
  });
});

describe("the end of a session (VM-4, VM-6)", () => {
  it("pings its agent, and drops one that is silent", async (t) => {
    const world = await startMonitored(t, { limits: { pingMs: 20, silentMsMax: 150, closeMsMax: 50 } });
    const alive = await world.dial();
    await world.until(() => (world.monitor.view().session?.samples ?? 0) === 5);
    assert.equal((await alive.health()).type, "HealthCheck", "pongs keep it");
    alive.fallSilent();
    await world.until(() => world.monitor.view().session === null);
    assert.deepEqual((await world.dial()).greeted, { version: 1 });
  });

  it("VM-13: survives a connection that is cut, whatever is in progress", async (t) => {
    const world = await startMonitored(t, { cgroup: false });
    const agent = await world.dial();
    const slow = Promise.withResolvers<void>();
    world.lfc.behaviour.hold = { pattern: alterSystem, until: slow.promise };
    const upscaled = assert.rejects(agent.upscale(8 * gib), /closed/);
    await agent.health();
    agent.cut();
    await upscaled;
    await world.until(() => world.monitor.view().session === null);
    world.lfc.behaviour.hold = null;
    slow.resolve();
    assert.deepEqual((await world.dial()).greeted, { version: 1 });
  });

  it("VM-4: tells an agent that it ends, listens no more, and leaves no connection behind", async (t) => {
    const world = await startMonitored(t);
    const agent = await world.dialAndSettle();
    await world.monitor.close("Postgres has ended");
    assert.deepEqual(await agent.closed, { code: 1001, reason: "Postgres has ended" });
    assert.equal((await (await world.dial()).closed).code, 1006);
    assert.deepEqual(world.monitor.view().session, null);
    assert.equal(world.monitor.view().listening, null);
  });

  it("VM-4: does not wait for an agent that does not answer its close frame, nor for SQL", async (t) => {
    const world = await startMonitored(t, { cgroup: false, limits: { closeMsMax: 50 } });
    const agent = await world.dial();
    world.lfc.behaviour.hold = { pattern: alterSystem, until: new Promise(() => {}) };
    const upscaled = assert.rejects(agent.upscale(8 * gib), /closed/);
    await agent.health();
    agent.fallSilent();
    await world.monitor.close("Postgres has ended");
    agent.cut();
    await upscaled;
  });

  it("shows where it is", async (t) => {
    const world = await startMonitored(t, { cgroup: false });
    assert.equal(world.monitor.view().session, null);
    const agent = await world.dial();
    const { session, counts } = world.monitor.view();
    assert.deepEqual([session?.stage, session?.fileCacheBytes, counts.sessions], ["live", 10240 * mib, 1]);
    assert.match(session?.peer ?? "", /^127\.0\.0\.1:\d+$/);
    await agent.upscale(8 * gib);
    assert.match(
      world.monitor.view().last?.text ?? "",
      /^UpscaleNotification confirmed: the file cache has 6069 MiB now/,
    );
  });
});
