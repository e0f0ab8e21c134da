import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatLsn } from "../../../src/base/lsn.ts";
import type { SafekeeperFault } from "../../../src/standin/faults.ts";
import { type World, withWorld } from "../support/world.ts";
import { comesUp, endsBySignal, startFails } from "./outcomes.ts";

/** What a stock Postgres can do about safekeepers that it cannot ask. */
const advice = /is a Postgres without --sync-safekeepers.*--sync-safekeepers native, .*or bring the safekeepers up/;

function setFaults({ storage }: World, ...faults: readonly (SafekeeperFault | null)[]): void {
  for (const [index, safekeeper] of storage.safekeepers.entries()) {
    const fault = faults[index] ?? null;
    safekeeper.setFaults(fault === null ? null : { fault });
  }
}

describe("safekeepers that a primary on stock Postgres depends on", () => {
  const silent: SafekeeperFault = { kind: "silent" };
  const gone: SafekeeperFault = { kind: "hang-up" };

  for (const [what, fault, why] of [
    ["are all down", gone, /only 0 of 3 safekeepers answered, 2 are needed: could not connect to 127\.0\.0\.1:\d+/],
    ["never answer", silent, /only 0 of 3 safekeepers answered, 2 are needed: .*took longer than \d+ ms/],
    ["do not know the timeline", { kind: "no-row" }, /a safekeeper does not know the timeline/],
  ] as const) {
    it(`SK-13: when they ${what}, end the start at once with what to do`, () =>
      withWorld({}, async (world) => {
        setFaults(world, fault, fault, fault);
        const error = await startFails(world, { config: world.config() });
        assert.match(error, /^failed to sync safekeepers\n/);
        assert.match(error, advice);
        assert.match(error, why);
        setFaults(world);
        await comesUp(world);
      }));
  }

  it("SK-13: when they refuse the token, end the start at once with their words", () =>
    withWorld({ tokens: true }, async (world) => {
      const error = await startFails(world, { config: world.config({ spec: { storage_auth_token: "wrong" } }) });
      assert.match(error, /safekeepers answered, 2 are needed: .*JWT authentication error/);
      await comesUp(world);
    }));

  it("SK-13: when they differ, end the start with both positions", () =>
    withWorld({}, async (world) => {
      const { lsn, safekeepers } = world.storage;
      for (const [index, safekeeper] of safekeepers.entries()) {
        safekeeper.setPosition({ flushLsn: lsn + BigInt(index * 8), commitLsn: lsn });
      }
      const error = await startFails(world, { config: world.config() });
      assert.match(error, advice);
      assert.match(error, /safekeepers differ: flush \S+ commit \S+, flush \S+ commit/);
    }));

  it("SK-40: are brought into agreement by the program itself when told so, and a compute starts from there", () =>
    withWorld({}, async (world) => {
      const { lsn, safekeepers } = world.storage;
      for (const [index, safekeeper] of safekeepers.entries()) {
        safekeeper.setPosition({ flushLsn: lsn, commitLsn: index === 0 ? lsn : lsn - 8n });
      }
      const compute = await world.start({ config: world.config(), args: ["--sync-safekeepers", "native"] });
      await compute.waitFor("running");
      assert.match(compute.log(), /synced safekeepers lsn=/);
      const answer = await compute.request("POST", "/terminate?mode=immediate");
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.json(), { lsn: formatLsn(lsn) });
      assert.deepEqual(await compute.exited, { code: 0, signal: null });
    }));

  it("SK-11: are enough when one of three is down or silent", () =>
    withWorld({}, async (world) => {
      for (const fault of [gone, silent]) {
        setFaults(world, fault, null, null);
        const compute = await world.start({ config: world.config() });
        assert.deepEqual(await compute.waitFor("running"), ["init", "running"]);
        await endsBySignal(compute);
      }
    }));

  it("SK-11: are not enough when the only one is silent, and it is asked anew by the next start", () =>
    withWorld({ safekeepers: 1 }, async (world) => {
      const [only] = world.storage.safekeepers;
      only?.setFaults({ fault: silent, times: 1 });
      assert.match(await startFails(world, { config: world.config() }), /only 0 of 1 safekeepers answered/);
      await comesUp(world);
    }));
});
