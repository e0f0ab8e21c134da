import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { Cluster, clusterBranch, full, history, logInto, shorter } from "../../src/standin/acceptor/test-cluster.ts";
import type { Standing } from "../../src/standin/acceptor/test-timeline.ts";
import { syncSafekeepersNatively } from "../../src/storage/do/native-sync.ts";
import { syncNativelyAtStart } from "../../src/storage/do/native-sync-at-start.ts";
import { checkSafekeepers } from "../../src/storage/do/safekeeper-status.ts";
import { NoAgreementInTime } from "../../src/storage/errors.ts";
import { type NativeSync, safekeeperSettings } from "../../src/storage/native-sync-request.ts";
import { type FaultProxy, type ProxyFault, startFaultProxy } from "./fault-proxy.ts";

const lsn = full.flushLsn;
const settled: Standing = { ...full, truncateLsn: lsn };

/** Three safekeepers, the last one behind a proxy. */
async function world(t: TestContext, standings: readonly (Standing | null)[]) {
  const cluster = await Cluster.start(t, standings);
  const proxies: FaultProxy[] = [];
  for (const { port } of cluster.safekeepers) proxies.push(await startFaultProxy(t, port));
  const lines: string[] = [];
  const request: NativeSync = {
    ...safekeeperSettings(null),
    ...clusterBranch,
    hostPorts: proxies.map(({ hostPort }) => hostPort),
    generation: 0,
    token: null,
    caFile: null,
    pgVersion: 170_005,
    reconnectMs: 20,
  };
  const ports = (deadlineMs: number) => ({
    log: logInto(lines),
    clock: systemClock,
    signal: new AbortController().signal,
    deadlineMs,
  });
  return {
    cluster,
    proxies,
    lines,
    /** One run. */
    sync: (change: Partial<NativeSync> = {}, deadlineMs = 20_000) =>
      syncSafekeepersNatively({ ...request, ...change }, ports(deadlineMs)),
    /** With retries. */
    syncAtStart: (change: Partial<NativeSync> = {}, deadlineMs = 20_000) =>
      syncNativelyAtStart({ ...request, ...change }, ports(deadlineMs)),
    check: (askMsMax: number) => checkSafekeepers({ ...request, askMsMax }, ports(0)),
  };
}

const gigabyte = Buffer.from("6440000000", "hex");
/** The most that a login and the answer to a first command take; what comes then is the conversation. */
const afterLogin = 60;

/** What may be wrong with one of three; each is tried at the login, in the conversation, and at its end. */
const faults: readonly (readonly [string, (afterBytes: number) => ProxyFault])[] = [
  ["is reset", (afterBytes) => ({ kind: "reset", afterBytes })],
  ["ends", (afterBytes) => ({ kind: "end", afterBytes })],
  ["falls silent", (afterBytes) => ({ kind: "stall", afterBytes })],
  ["is not heard any more", (afterBytes) => ({ kind: "stall", afterBytes, direction: "to-server" })],
  [
    "sends garbage",
    (afterBytes) => ({
      kind: "replace",
      afterBytes,
      bytes: Buffer.from("\0\xff garbage".repeat(40), "latin1"),
      next: "end",
    }),
  ],
  ["announces a message of 1 GiB", (afterBytes) => ({ kind: "replace", afterBytes, bytes: gigabyte, next: "stall" })],
  [
    "sends half a message and is silent",
    (afterBytes) => ({ kind: "replace", afterBytes, bytes: Buffer.from("640000001d67000000", "hex"), next: "stall" }),
  ],
];

describe("one of three safekeepers misbehaves, between real sockets", () => {
  for (const [what, faultAt] of faults) {
    it(`SK-40, SK-50: its connection ${what}, at any time: the others are enough`, async (t) => {
      for (const afterBytes of [0, 3, afterLogin, afterLogin + 20, afterLogin + 80]) {
        const { cluster, proxies, sync, lines } = await world(t, [full, shorter, full]);
        proxies[2]?.setFaults(() => faultAt(afterBytes));
        // Silence is found out by time alone.
        const report = await sync({ connectMsMax: 150 });
        assert.equal(report.lsn, lsn, `${what} after ${afterBytes} bytes:\n${lines.join("\n")}`);
        const term = cluster.onDisk(0, 0n).control.term;
        for (const index of [0, 1]) cluster.assertSettled(index, [...full.history, { term, lsn }]);
      }
    });

    it(`SK-11: its connection ${what} during the quorum check: the others decide`, async (t) => {
      const { proxies, check } = await world(t, [settled, settled, settled]);
      proxies[0]?.setFaults(() => faultAt(2));
      assert.deepEqual(await check(20_000), { kind: "synced", lsn });
      proxies[1]?.setFaults(() => faultAt(2));
      const outcome = await check(100);
      assert.equal(outcome.kind, "not-synced");
    });
  }

  it("SK-49: it is slow: it is waited for, and gets everything", async (t) => {
    for (const fault of [{ kind: "delay", ms: 15 }, { kind: "late", ms: 200 }, { kind: "trickle" }] as const) {
      const { cluster, proxies, sync } = await world(t, [full, shorter, shorter]);
      proxies[2]?.setFaults(() => fault);
      assert.equal((await sync()).lsn, lsn);
      const term = cluster.onDisk(0, 0n).control.term;
      for (const index of [0, 1, 2]) cluster.assertSettled(index, [...full.history, { term, lsn }]);
    }
  });

  for (const [what, third, expectedLsn] of [
    ["is on an older term", { ...shorter, term: 2n, history: history([1n, 0x1500000n]) }, lsn],
    [
      "has a diverged log",
      { ...full, term: 3n, flushLsn: 0x1700000n, history: history([1n, 0x1500000n], [3n, 0x1580000n]) },
      lsn,
    ],
    ["has a shorter log", { ...full, term: 1n, flushLsn: 0x1520000n, history: history([1n, 0x1500000n]) }, lsn],
    ["does not know the timeline", null, lsn],
  ] as const) {
    it(`SK-44, SK-45: it ${what}: it gets the log of the others`, async (t) => {
      const truncateLsn = 0x1510000n;
      const old = third === null ? null : { ...third, truncateLsn };
      const { cluster, proxies, sync } = await world(t, [{ ...full, truncateLsn }, { ...shorter, truncateLsn }, old]);
      proxies[2]?.setFaults(() => ({ kind: "late", ms: 60 }));
      assert.equal((await sync()).lsn, expectedLsn);
      for (const index of [0, 1, 2]) cluster.assertSettled(index, [...full.history, { term: 6n, lsn }]);
    });
  }

  it("SK-24, SK-41: it is on a newer term: the run is given up, and the next one succeeds", async (t) => {
    const { cluster, proxies, syncAtStart, lines } = await world(t, [full, shorter, { ...full, term: 9n }]);
    proxies[2]?.setFaults(() => ({ kind: "late", ms: 60 }));
    assert.equal((await syncAtStart()).lsn, lsn);
    assert.match(
      lines.join("\n"),
      /attempt 1\/6 to sync safekeepers failed, next try in 0 ms: .*is in term 9, later than/,
    );
    for (const index of [0, 1]) assert.ok(cluster.onDisk(index, 0n).control.commitLsn === lsn);
  });
});

describe("two of three safekeepers misbehave", () => {
  for (const [what, fault] of [
    ["are gone", { kind: "reset", afterBytes: 0 }],
    ["are behind a black hole", { kind: "stall", afterBytes: 0, direction: "to-server" }],
    ["say nothing", { kind: "stall", afterBytes: 0 }],
    ["announce a message of 1 GiB", { kind: "replace", afterBytes: 0, bytes: gigabyte, next: "stall" }],
    ["hang up after the login", { kind: "end", afterBytes: afterLogin }],
  ] as const) {
    it(`SK-22: they ${what}: a clear error after the deadline, nothing is changed, and a retry succeeds`, async (t) => {
      const { cluster, proxies, sync, syncAtStart } = await world(t, [full, shorter, full]);
      for (const index of [1, 2]) proxies[index]?.setFaults(() => fault);
      await assert.rejects(syncAtStart({ connectMsMax: 100 }, 300), ({ message, cause }: Error) => {
        assert.equal(message, "failed to sync safekeepers");
        assert.ok(cause instanceof NoAgreementInTime, String(cause));
        for (const { hostPort } of proxies) assert.ok(cause.message.includes(hostPort), cause.message);
        assert.match(cause.message, /no agreement in time: 127/);
        return true;
      });
      for (const index of [0, 2]) assert.deepEqual(cluster.onDisk(index, 0n).control.history, full.history);
      for (const index of [1, 2]) proxies[index]?.setFaults(() => null);
      assert.equal((await sync()).lsn, lsn);
    });
  }

  it("SK-50: they come back one after the other while we wait: the sync goes on by itself", async (t) => {
    const { proxies, sync } = await world(t, [full, shorter, full]);
    proxies[1]?.setFaults((connection) => (connection < 5 ? { kind: "reset", afterBytes: 0 } : null));
    proxies[2]?.setFaults((connection) => (connection < 9 ? { kind: "end", afterBytes: 10 } : null));
    assert.equal((await sync()).lsn, lsn);
  });
});

/** Coprime to the lengths of messages, so that cuts fall everywhere; codecs are cut at every byte in their own tests. */
const stepBytes = 13;

describe("a conversation that is cut, up to where it needs no more", () => {
  for (const direction of ["to-client", "to-server"] as const) {
    it(`SK-40, SK-43: ${direction}, every ${stepBytes} bytes: the next connection brings it to its end`, async (t) => {
      let uncut: number | undefined;
      for (let afterBytes = 0; uncut === undefined; afterBytes += stepBytes) {
        const { proxies, syncAtStart, cluster } = await world(t, [full, shorter]);
        proxies[1]?.setFaults((connection) => (connection === 0 ? { kind: "reset", afterBytes, direction } : null));
        const { lsn: found } = await syncAtStart();
        assert.equal(found, lsn, `cut after ${afterBytes} bytes`);
        for (const index of [0, 1]) assert.equal(cluster.onDisk(index, 0n).control.flushLsn, lsn);
        if (proxies[1]?.connections() === 1) uncut = afterBytes;
        await Promise.all([...proxies, ...cluster.safekeepers].map((server) => server.close()));
      }
      assert.ok(uncut > 200, `the conversation has only ${uncut} bytes`);
    });
  }
});
