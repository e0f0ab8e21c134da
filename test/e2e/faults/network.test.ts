import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { formatLsn } from "../../../src/base/lsn.ts";
import { type FaultProxy, startFaultProxy } from "../../faults/fault-proxy.ts";
import type { ConfigJson } from "../support/config.ts";
import { type World, withWorld } from "../support/world.ts";
import { comesUp, endsBySignal, fewRetries, makeDiffer, startFails } from "./outcomes.ts";

/** A proxy before the pageserver and before each safekeeper, and a config that knows only these. */
async function withProxies(t: TestContext, { storage, config }: World) {
  const pageserver = await startFaultProxy(t, storage.pageserver.port);
  const safekeepers: FaultProxy[] = [];
  for (const { port } of storage.safekeepers) safekeepers.push(await startFaultProxy(t, port));
  const spec = {
    pageserver_connstring: `postgresql://no_user@${pageserver.hostPort}`,
    safekeeper_connstrings: safekeepers.map(({ hostPort }) => hostPort),
  };
  const proxied: ConfigJson = config({ spec });
  return { pageserver, safekeepers, config: proxied };
}

describe("a network between a compute and its storage that", () => {
  it("BASE-70: resets the base backup in its middle: it is fetched again, and the compute runs", (t) =>
    withWorld({}, async (world) => {
      const { pageserver, config } = await withProxies(t, world);
      pageserver.setFaults((connection) => (connection === 0 ? { kind: "reset", afterBytes: 200_000 } : null));
      const compute = await world.start({ config, env: fewRetries });
      await compute.waitFor("running");
      assert.equal(pageserver.connections(), 2);
      assert.match(compute.log(), /attempt 1\/2 to .*ECONNRESET|attempt 1\/2 to .*closed the connection/);
      await endsBySignal(compute);
    }));

  it("SK-40, SK-50: breaks one safekeeper, slows another down and resets the pageserver: the compute runs", (t) =>
    withWorld({}, async (world) => {
      makeDiffer(world);
      const { pageserver, safekeepers, config } = await withProxies(t, world);
      const oneGiB = Buffer.from("6440000000", "hex");
      safekeepers[0]?.setFaults(() => ({ kind: "replace", afterBytes: 60, bytes: oneGiB, next: "stall" }));
      safekeepers[1]?.setFaults(() => ({ kind: "delay", ms: 20 }));
      pageserver.setFaults((connection) => (connection === 0 ? { kind: "end", afterBytes: 100_000 } : null));
      const compute = await world.start({ config, env: fewRetries });
      await compute.waitFor("running");
      assert.match(compute.log(), /synced safekeepers lsn=/);
      const answer = await compute.request("POST", "/terminate?mode=immediate");
      assert.deepEqual([answer.status, answer.json()], [200, { lsn: formatLsn(world.storage.lsn) }]);
      assert.deepEqual(await compute.exited, { code: 0, signal: null });
    }));

  it("SK-22: swallows what two of three safekeepers say: the start fails in time, and the next one succeeds", (t) =>
    withWorld({}, async (world) => {
      const { safekeepers, config } = await withProxies(t, world);
      for (const index of [0, 2]) safekeepers[index]?.setFaults(() => ({ kind: "stall", afterBytes: 0 }));
      const error = await startFails(world, { config, args: ["--sync-timeout", "1"] });
      assert.match(error, /^failed to sync safekeepers\n.*no agreement in time: /s);
      for (const { hostPort } of safekeepers) assert.ok(error.includes(hostPort), error);
      await comesUp(world);
    }));

  it("BASE-43: resets every base backup: the start fails, and says so", (t) =>
    withWorld({}, async (world) => {
      const { pageserver, config } = await withProxies(t, world);
      pageserver.setFaults(() => ({ kind: "reset", afterBytes: 200_000 }));
      assert.match(await startFails(world, { config, env: fewRetries }), /^failed to get basebackup@/);
      pageserver.setFaults(() => null);
      await comesUp(world);
    }));
});
