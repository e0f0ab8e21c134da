import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { mib } from "../../src/vm-monitor/sizes.ts";
import type { AgentDouble, MonitorMessage } from "./agent-double.ts";
import { type Monitored, type MonitoredOptions, startMonitored } from "./monitored.ts";

const gib = 1024 * mib;

/** A monitor, and an agent whose cgroup uses `bytes` on average. */
async function settled(
  t: TestContext,
  bytes: number,
  options: MonitoredOptions = {},
): Promise<{ readonly world: Monitored; readonly agent: AgentDouble }> {
  const world = await startMonitored(t, options);
  await world.cgroup.use(bytes);
  const agent = await world.dialAndSettle();
  t.after(() => agent.cut());
  return { world, agent };
}

/** The text of an answer must be there, but what it says is free. */
function withoutText(message: MonitorMessage): MonitorMessage {
  const { Status, error, ...rest } = message;
  if ("Status" in message) assert.ok(Status !== undefined && Status !== "");
  if ("error" in message) assert.ok(error !== undefined && error !== "");
  return rest;
}

describe("the handshake over a WebSocket (VM-8)", () => {
  it("VM-8: answers version 1, and keeps the session open", async (t) => {
    const world = await startMonitored(t);
    for (const greeting of ['{"min":1,"max":1}\n', '{"max":7,"min":1}', '{"min":0,"max":1}']) {
      const agent = await world.dial(greeting);
      assert.deepEqual(agent.greeted, { version: 1 });
      assert.deepEqual(await agent.health(), { type: "HealthCheck", id: 2 });
      assert.deepEqual(await agent.close(), { code: 1000, reason: "" });
    }
  });

  it("VM-8: answers an error to a range without version 1, closes, and the process lives on (trap 9)", async (t) => {
    const world = await startMonitored(t);
    for (const greeting of ['{"min":0,"max":0}', '{"min":2,"max":3}', '{"min":255,"max":255}']) {
      const agent = await world.dial(greeting);
      assert.match(String(Reflect.get(Object(agent.greeted), "error")), /no common version/);
      assert.deepEqual(await agent.closed, { code: 1002, reason: "no common protocol version" });
    }
    assert.deepEqual((await world.dial()).greeted, { version: 1 });
  });

  it("VM-8: closes without an answer on everything else (trap 9)", async (t) => {
    const world = await startMonitored(t);
    for (const greeting of ['{"min":3,"max":1}', '{"min":1}', '{"min":1,"max":256}', "hello", Buffer.from([1, 2])]) {
      const agent = await world.dial(greeting);
      assert.equal(agent.greeted, undefined);
      assert.equal((await agent.closed).code, 1002);
    }
  });

  it("VM-7: closes on an agent that says nothing", async (t) => {
    const world = await startMonitored(t, { limits: { setUpMsMax: 50 } });
    const agent = await world.dial(null);
    assert.deepEqual([agent.greeted, (await agent.closed).code], [undefined, 1002]);
  });

  it("VM-9: closes on more than 64 KiB", async (t) => {
    const world = await startMonitored(t);
    const agent = await world.dial();
    agent.send("x".repeat(65_537));
    assert.equal((await agent.closed).code, 1009);
    assert.deepEqual((await world.dial()).greeted, { version: 1 });
  });
});

describe("exchanges over a WebSocket (VM-9 to VM-17)", () => {
  it("VM-9, VM-16, VM-15: 1 to 3: health, upscale, downscale", async (t) => {
    const { world, agent } = await settled(t, 2 * gib);
    assert.deepEqual(
      world.lfc.changes,
      ["limit = 10240", "reload"],
      "VM-24: cache(16 GiB) under the maximum, at set-up",
    );
    assert.deepEqual(await agent.health(), { type: "HealthCheck", id: 2 });
    assert.deepEqual(await agent.upscale(8 * gib), { type: "UpscaleConfirmation", id: 4 });
    assert.deepEqual(withoutText(await agent.downscale(4 * gib)), { type: "DownscaleResult", Ok: true, id: 6 });
    assert.deepEqual(world.lfc.changes.slice(2), ["limit = 6069", "reload", "limit = 2997", "reload"]);
    assert.equal(world.monitor.view().session?.thresholdBytes, 3561593241);
    assert.equal(world.monitor.view().session?.fileCacheBytes, 2997 * mib);
  });

  for (const [average, ok] of [
    [3400 * mib, false],
    [3456735641, true],
    [3456735642, false],
  ] as const) {
    it(`VM-15: 4 and 4a: an average of ${average} ${ok ? "fits" : "does not fit"} into 4 GiB`, async (t) => {
      const { world, agent } = await settled(t, average);
      const changes = world.lfc.changes.length;
      assert.deepEqual(withoutText(await agent.downscale(4 * gib)), { type: "DownscaleResult", Ok: ok, id: 2 });
      assert.deepEqual(world.lfc.changes.slice(changes), ok ? ["limit = 2997", "reload"] : []);
      assert.deepEqual(
        [world.monitor.view().counts.downscalesApproved, world.monitor.view().counts.downscalesRefused],
        ok ? [1, 0] : [0, 1],
      );
    });
  }

  it("VM-15: 5: refuses while there are fewer than two samples", async (t) => {
    const world = await startMonitored(t);
    await world.cgroup.write("memory.stat", null);
    const agent = await world.dial();
    assert.deepEqual(withoutText(await agent.downscale(4 * gib)), { type: "DownscaleResult", Ok: false, id: 2 });
  });

  it("VM-13, VM-26: 7: Postgres is gone: a failed read, a failed connection, InternalError; and the session goes on", async (t) => {
    const { world, agent } = await settled(t, gib);
    world.lfc.close();
    assert.deepEqual(withoutText(await agent.upscale(8 * gib)), { type: "InternalError", id: 2 });
    assert.deepEqual(await agent.health(), { type: "HealthCheck", id: 4 });
    assert.equal(world.monitor.view().counts.failures, 1);
  });

  it("VM-15: 8: file cache only, or neither (trap 10)", async (t) => {
    const lfcOnly = await startMonitored(t, { cgroup: false });
    const first = await lfcOnly.dial();
    assert.deepEqual(withoutText(await first.downscale(4 * gib)), { type: "DownscaleResult", Ok: true, id: 2 });
    assert.deepEqual(lfcOnly.lfc.changes.slice(2), ["limit = 2997", "reload"]);
    const neither = await startMonitored(t, { cgroup: false, fileCache: false });
    const second = await neither.dial();
    assert.deepEqual(withoutText(await second.downscale(4 * gib)), { type: "DownscaleResult", Ok: true, id: 2 });
    assert.deepEqual(await second.upscale(4 * gib), { type: "UpscaleConfirmation", id: 4 });
    assert.equal(neither.lfc.connections(), 0);
  });

  it("VM-1: cgroup only: the file cache is never asked about", async (t) => {
    const { world, agent } = await settled(t, 2 * gib, { fileCache: false });
    assert.deepEqual(withoutText(await agent.downscale(4 * gib)), { type: "DownscaleResult", Ok: true, id: 2 });
    assert.equal(world.lfc.connections(), 0);
  });

  it("VM-9, VM-12: 10 and 11: complaints get no answer, strange messages InvalidMessage", async (t) => {
    const world = await startMonitored(t);
    const agent = await world.dial();
    agent.send('{"content":{"error":"x"},"type":"InvalidMessage","id":20}');
    agent.send('{"content":{},"type":"Dance","id":22}');
    agent.send(Buffer.from("binary"));
    assert.deepEqual(await agent.health(), { type: "HealthCheck", id: 2 });
    assert.deepEqual(agent.received.map(withoutText), [
      { type: "InvalidMessage", id: 22 },
      { type: "HealthCheck", id: 2 },
    ]);
    agent.send("no JSON");
    assert.equal((await agent.closed).code, 1007);
  });

  it("VM-6: 12: a second agent takes the place of the first", async (t) => {
    const world = await startMonitored(t);
    const first = await world.dial();
    const second = await world.dial();
    assert.deepEqual(await first.closed, { code: 1001, reason: "another agent has connected" });
    assert.deepEqual(second.greeted, { version: 1 });
    assert.deepEqual(await second.health(), { type: "HealthCheck", id: 2 });
    assert.equal(world.monitor.view().counts.sessions, 2);
  });
});

describe("memory pressure over a WebSocket (VM-11, VM-17)", () => {
  it("VM-11, VM-17: asks for more, again after a second, and stops once it was granted", async (t) => {
    const world = await startMonitored(t, { memTotalKib: 1024 * 1024 });
    await world.cgroup.use(912680550);
    const agent = await world.dial();
    assert.deepEqual(await agent.upscaleRequest(), { type: "UpscaleRequest", id: 3 });
    await world.until(() => world.monitor.view().counts.upscaleRequests === 2);
    await agent.upscale(8 * gib);
    const { upscaleRequests } = world.monitor.view().counts;
    await agent.health();
    const ids = agent.received.filter(({ type }) => type === "UpscaleRequest").map(({ id }) => id);
    assert.deepEqual(ids.slice(0, 2), [3, 5]);
    assert.equal(ids.length, upscaleRequests);
    assert.ok((world.monitor.view().session?.averageBytes ?? 0) < (world.monitor.view().session?.thresholdBytes ?? 0));
  });

  it("asks for more when the kernel reports memory.high events", async (t) => {
    const { world, agent } = await settled(t, gib);
    await world.cgroup.write("memory.events", "low 0\nhigh 1\nmax 0\n");
    assert.equal((await agent.upscaleRequest()).id, 3);
    assert.equal(world.news.find(({ kind }) => kind === "upscale-requested")?.kind, "upscale-requested");
  });
});
