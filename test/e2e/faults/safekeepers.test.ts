import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatLsn } from "../../../src/base/lsn.ts";
import type { SafekeeperFault } from "../../../src/standin/faults.ts";
import type { ComputeProcess } from "../support/compute-process.ts";
import { branchOfFixture } from "../support/config.ts";
import { type World, withWorld } from "../support/world.ts";
import { comesUp, endsBySignal, makeDiffer, startFails } from "./outcomes.ts";

/** What a stock Postgres can do about safekeepers that it cannot ask. */
const advice = /is a Postgres without --sync-safekeepers.*--sync-safekeepers=native, .*or bring the safekeepers up/;

function setFaults({ storage }: World, ...faults: readonly (SafekeeperFault | null)[]): void {
  for (const [index, safekeeper] of storage.safekeepers.entries()) {
    const fault = faults[index] ?? null;
    safekeeper.setFaults(fault === null ? null : { fault });
  }
}

const silent: SafekeeperFault = { kind: "silent" };
const gone: SafekeeperFault = { kind: "hang-up" };

/** Leaves the sync to a Postgres that cannot do it. */
const byPostgres: readonly string[] = ["--sync-safekeepers=postgres"];

/** Ends a compute by the API; the answer is the branch's last LSN. */
async function terminates({ storage }: World, compute: ComputeProcess): Promise<void> {
  const answer = await compute.request("POST", "/terminate?mode=immediate");
  assert.deepEqual([answer.status, answer.json()], [200, { lsn: formatLsn(storage.lsn) }]);
  assert.deepEqual(await compute.exited, { code: 0, signal: null });
}

describe("safekeepers that a primary on stock Postgres depends on, without a sync of our own", () => {
  for (const [what, fault, why] of [
    ["are all down", gone, /only 0 of 3 safekeepers answered, 2 are needed: could not connect to 127\.0\.0\.1:\d+/],
    // SK-10: they have 2 s, as nothing else can settle it.
    ["never answer", silent, /only 0 of 3 safekeepers answered, 2 are needed: .*took longer than 2000 ms/],
    ["do not know the timeline", { kind: "no-row" }, /a safekeeper does not know the timeline/],
  ] as const) {
    it(`SK-13: when they ${what}, end the start at once with what to do`, () =>
      withWorld({}, async (world) => {
        setFaults(world, fault, fault, fault);
        const error = await startFails(world, { config: world.config(), args: byPostgres });
        assert.match(error, /^failed to sync safekeepers\n/);
        assert.match(error, advice);
        assert.match(error, why);
        setFaults(world);
        await comesUp(world);
      }));
  }

  it("SK-13: when they refuse the token, end the start at once with their words", () =>
    withWorld({ tokens: true }, async (world) => {
      const config = world.config({ spec: { storage_auth_token: "wrong" } });
      const error = await startFails(world, { config, args: byPostgres });
      assert.match(error, /safekeepers answered, 2 are needed: .*JWT authentication error/);
      await comesUp(world);
    }));

  it("SK-13: when they differ, end the start with both positions", () =>
    withWorld({}, async (world) => {
      const { lsn, safekeepers } = world.storage;
      for (const [index, safekeeper] of safekeepers.entries()) {
        safekeeper.setPosition({ flushLsn: lsn + BigInt(index * 8), commitLsn: lsn });
      }
      const error = await startFails(world, { config: world.config(), args: byPostgres });
      assert.match(error, advice);
      assert.match(error, /safekeepers differ: flush \S+ commit \S+, flush \S+ commit/);
    }));

  it("SK-11: are enough when one of three is down or silent", () =>
    withWorld({}, async (world) => {
      for (const fault of [gone, silent]) {
        setFaults(world, fault, null, null);
        const compute = await world.start({ config: world.config(), args: byPostgres });
        assert.deepEqual(await compute.waitFor("running"), ["init", "running"]);
        await endsBySignal(compute);
      }
    }));

  it("SK-11: are not enough when the only one is silent, and it is asked anew by the next start", () =>
    withWorld({ safekeepers: 1 }, async (world) => {
      const [only] = world.storage.safekeepers;
      only?.setFaults({ fault: silent, times: 1 });
      const error = await startFails(world, { config: world.config(), args: byPostgres });
      assert.match(error, /only 0 of 1 safekeepers answered/);
      await comesUp(world);
    }));
});

describe("safekeepers that the program brings into agreement by itself", () => {
  for (const count of [1, 3, 5]) {
    it(`SK-40: ${count} of them that differ: a compute starts from where they then agree, and says so at its end`, () =>
      withWorld({ safekeepers: count }, async (world) => {
        makeDiffer(world);
        if (count === 1) world.storage.safekeepers[0]?.setPosition({ flushLsn: world.storage.lsn, commitLsn: 0n });
        const compute = await world.start({ config: world.config() });
        await compute.waitFor("running");
        assert.match(compute.log(), /elected in term \d+ by \d safekeepers; the log of 127/);
        assert.match(compute.log(), /synced safekeepers lsn=/);
        await terminates(world, compute);
      }));
  }

  it("SK-10, SK-42, trap 7: none tells its position within 100 ms: a sync among the members of a generation settles it", () =>
    withWorld({ branch: branchOfFixture("primary.config.json") }, async (world) => {
      for (const safekeeper of world.storage.safekeepers) safekeeper.setFaults({ fault: silent, times: 1 });
      const config = world.config({ spec: { safekeepers_generation: 7 } });
      const compute = await world.start({ config });
      await compute.waitFor("running");
      assert.match(compute.log(), /only 0 of 3 safekeepers answered, 2 are needed: .*took longer than 100 ms/);
      assert.match(compute.log(), /elected in term \d+ by \d safekeepers/);
      await terminates(world, compute);
    }));

  it("SK-22: two of three are down: the start ends after its deadline with a line on each, and can be repeated", () =>
    withWorld({}, async (world) => {
      setFaults(world, gone, null, gone);
      const error = await startFails(world, { config: world.config(), args: ["--sync-timeout", "2"] });
      const [one, two, three] = world.storage.safekeeperHostPorts;
      assert.match(error, /^failed to sync safekeepers\n/);
      assert.match(error, new RegExp(`${one} (is offline|is being tried again) \\(`));
      assert.match(error, new RegExp(`${two} is ready to vote, others are missing`));
      assert.match(error, new RegExp(`${three} (is offline|is being tried again) \\(`));
      setFaults(world);
      await comesUp(world);
    }));

  it("SK-50: two of three are down and one of them comes back: the start that waits goes on", () =>
    withWorld({}, async (world) => {
      makeDiffer(world);
      setFaults(world, null, gone, gone);
      const compute = await world.start({ config: world.config() });
      await compute.waitForLog(/lost safekeeper/);
      setFaults(world, null, null, gone);
      await compute.waitFor("running");
      setFaults(world);
      await terminates(world, compute);
    }));

  it("SK-13: they refuse the token: the start ends at once with their words", () =>
    withWorld({ tokens: true }, async (world) => {
      const error = await startFails(world, { config: world.config({ spec: { storage_auth_token: "wrong" } }) });
      assert.match(error, /^failed to sync safekeepers\n.*JWT authentication error/s);
      await comesUp(world);
    }));

  it("SK-21: a setting that cannot be used is named", () =>
    withWorld({}, async (world) => {
      makeDiffer(world);
      const config = world.config({ settings: { "neon.safekeeper_proto_version": "1" } });
      assert.match(
        await startFails(world, { config }),
        /the setting neon\.safekeeper_proto_version is "1", not 2 or 3/,
      );
    }));

  it("SK-30: over version 2 of the protocol when a setting asks for it", () =>
    withWorld({}, async (world) => {
      makeDiffer(world);
      const compute = await world.start({
        config: world.config({ settings: { "neon.safekeeper_proto_version": "2" } }),
      });
      await compute.waitFor("running");
      await terminates(world, compute);
    }));

  it("trap 8: no quorum at the end: /terminate says so after the deadline, and the error stays readable", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config(), args: ["--sync-timeout", "1"] });
      await compute.waitFor("running");
      setFaults(world, gone, gone, silent);
      const answer = await compute.request("POST", "/terminate");
      assert.equal(answer.status, 500);
      assert.match(answer.text, /the safekeepers do not agree on where the WAL ends: no agreement in time: 127/);
      assert.equal((await compute.status())?.status, "failed");
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
    }));

  it("SK-11: one of three is down or silent: the others are enough, at the start and at the end", () =>
    withWorld({}, async (world) => {
      for (const fault of [gone, silent]) {
        setFaults(world, fault);
        const compute = await world.start({ config: world.config(), args: ["--sync-timeout", "3"] });
        await compute.waitFor("running");
        await terminates(world, compute);
      }
    }));

  it("BASE-22: the sync at the end goes with the token of the last /configure", () =>
    withWorld({ tokens: true }, async (world) => {
      const compute = await world.start({ config: world.config() });
      await compute.waitFor("running");
      const body = world.config({ spec: { storage_auth_token: "worn-out" } });
      assert.equal((await compute.request("POST", "/configure", { body })).status, 200);
      const answer = await compute.request("POST", "/terminate");
      assert.equal(answer.status, 500);
      assert.match(answer.text, /JWT authentication error/);
      assert.doesNotMatch(answer.text + compute.log(), /worn-out/);
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
    }));
});
