import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { inspect } from "node:util";
import { systemClock } from "../../base/clock.ts";
import { Cluster, clusterBranch, history, logInto } from "../../standin/acceptor/test-cluster.ts";
import type { Standing } from "../../standin/acceptor/test-timeline.ts";
import { createTokenAuthority } from "../../standin/token.ts";
import { ConnectionTargetError } from "../errors.ts";
import { type NativeSync, safekeeperSettings } from "../native-sync-request.ts";
import { isHopeless } from "../retry.ts";
import type { Member } from "../walproposer/messages.ts";
import { type FakePeer, startFakeServer, trust } from "./fake-server.ts";
import { syncSafekeepersNatively } from "./native-sync.ts";
import type { SyncReport } from "./sync-process.ts";

/** What the syncs of each cluster logged. */
const logged = new WeakMap<Cluster, string[]>();

function linesOf(cluster: Cluster): string[] {
  const lines = logged.get(cluster) ?? [];
  logged.set(cluster, lines);
  return lines;
}

function sync(
  cluster: Cluster,
  change: Partial<NativeSync> = {},
  { deadlineMs = 20_000, signal = new AbortController().signal } = {},
): Promise<SyncReport> {
  const { hostPorts } = cluster;
  const request = { ...clusterBranch, hostPorts, generation: 0, token: null, caFile: null, pgVersion: 170_005 };
  const ports = { log: logInto(linesOf(cluster)), clock: systemClock, signal, deadlineMs };
  return syncSafekeepersNatively({ ...safekeeperSettings(null), ...request, ...change }, ports);
}

const common = history([1n, 0x1500000n], [3n, 0x1800000n]);
const a: Standing = { term: 3n, flushLsn: 0x2000000n, history: common, truncateLsn: 0x1500000n };
const b: Standing = { ...a, flushLsn: 0x1900000n };
const c: Standing = { ...a, term: 2n, flushLsn: 0x1a00000n, history: history([1n, 0x1500000n], [2n, 0x1700000n]) };
const small: Standing = {
  term: 5n,
  flushLsn: 0x1600100n,
  history: history([1n, 0x1500000n], [5n, 0x1600000n]),
  truncateLsn: 0x1600000n,
};

describe("native sync of three acceptors on disk (SK-30 to SK-51)", () => {
  it("E1: nothing was ever written: 0/0, and empty timelines are made", async (t) => {
    const cluster = await Cluster.start(t, [null, null, null]);
    assert.equal((await sync(cluster)).lsn, 0n);
    const made = [0, 1, 2].filter((index) => {
      try {
        return cluster.onDisk(index, 0n).control.term === 1n;
      } catch {
        return false;
      }
    });
    assert.ok(made.length >= 2);
  });

  it("E2: everybody has everything: only the term rises", async (t) => {
    const lsn = 0x14ee150n;
    const same: Standing = { term: 0n, flushLsn: lsn, history: history([0n, lsn]), truncateLsn: lsn };
    const cluster = await Cluster.start(t, [same, same, same]);
    assert.equal((await sync(cluster)).lsn, lsn);
    const { control } = cluster.onDisk(0, lsn);
    assert.deepEqual(control.history, same.history);
    const terms = [0, 1, 2].map((index) => cluster.onDisk(index, lsn).control.term);
    assert.ok(terms.filter((term) => term === 1n).length >= 2, String(terms));
  });

  for (const protocolVersion of [3, 2] as const) {
    it(`E4 over version ${protocolVersion}: the highest last term wins, all get its WAL and lose their own`, async (t) => {
      const cluster = await Cluster.start(t, [b, c]);
      assert.equal((await sync(cluster, { protocolVersion })).lsn, 0x1900000n);
      for (const index of [0, 1]) cluster.assertSettled(index, [...common, { term: 4n, lsn: 0x1900000n }]);
      assert.equal((await sync(cluster, { protocolVersion })).lsn, 0x1900000n);
    });
  }

  it("trap 15: the last words arrive before the end: the next sync has nothing left to send", async (t) => {
    const cluster = await Cluster.start(t, [small, { ...small, flushLsn: 0x1600000n }, small]);
    await sync(cluster);
    assert.match(linesOf(cluster).join("\n"), /committed up to/);
    linesOf(cluster).length = 0;
    assert.equal((await sync(cluster)).lsn, 0x1600100n);
    assert.match(linesOf(cluster).join("\n"), /elected in term 7/);
    assert.doesNotMatch(linesOf(cluster).join("\n"), /committed up to|streaming WAL/);
  });

  it("E3: of three, the donor's log is everybody's in the end", async (t) => {
    // Whose log that is depends on which two votes come first.
    const cluster = await Cluster.start(t, [a, b, c]);
    const { lsn } = await sync(cluster);
    const terms = [...common, { term: 4n, lsn }];
    for (const index of [0, 1, 2]) cluster.assertSettled(index, terms);
    const text = linesOf(cluster).join("\n");
    for (const line of [
      /connected to 2 of 3/,
      /campaigning for term 4/,
      /elected in term 4 by 2/,
      /agree that the WAL/,
    ])
      assert.match(text, line);
  });

  it("E5: a tail that was never committed is kept", async (t) => {
    const cluster = await Cluster.start(t, [small, { ...small, flushLsn: 0x1600000n }]);
    assert.equal((await sync(cluster)).lsn, 0x1600100n);
    for (const index of [0, 1]) cluster.assertSettled(index, [...small.history, { term: 6n, lsn: 0x1600100n }]);
  });

  it("E6: an acceptor without WAL gets all of it", async (t) => {
    const full: Standing = {
      term: 9n,
      flushLsn: 0x1600000n,
      history: history([1n, 0x1500000n]),
      truncateLsn: 0x1500000n,
    };
    const cluster = await Cluster.start(t, [full, null]);
    assert.equal((await sync(cluster)).lsn, 0x1600000n);
    const elected = [...full.history, { term: 10n, lsn: 0x1600000n }];
    for (const index of [0, 1]) cluster.assertSettled(index, elected);
    assert.equal(cluster.onDisk(1, 0n).control.timelineStartLsn, 0x1500000n);
  });

  it("E6 with a generation: a membership decides, and nobody makes a timeline", async (t) => {
    const member = (nodeId: bigint): Member => ({ nodeId, host: "127.0.0.1", port: 1 });
    const conf = { generation: 4, members: [1n, 2n, 3n].map(member), newMembers: [] };
    const cluster = await Cluster.start(t, [{ ...small, conf }, { ...small, flushLsn: 0x1600000n, conf }, null]);
    assert.equal((await sync(cluster, { generation: 4 })).lsn, 0x1600100n);
    cluster.assertSettled(1, [...small.history, { term: 6n, lsn: 0x1600100n }]);
    assert.throws(() => cluster.onDisk(2, 0n));
    const without = await Cluster.start(t, [small, small, small]);
    await assert.rejects(sync(without, { generation: 4 }), /has generation 4, but .* no membership configuration/);
  });
});

describe("native sync of acceptors of different generations", () => {
  it("trap 13: one that is behind is not brought forward by us, refuses to vote, and is not needed", async (t) => {
    const conf = (generation: number) => ({
      generation,
      members: [1n, 2n, 3n].map((nodeId): Member => ({ nodeId, host: "127.0.0.1", port: 1 })),
      newMembers: [],
    });
    const cluster = await Cluster.start(t, [
      { ...small, conf: conf(4) },
      { ...small, flushLsn: 0x1600000n, conf: conf(4) },
      { ...small, conf: conf(3) },
    ]);
    // Heard of last: of the configurations that are heard of before the campaign, the newest counts.
    const [one = "", two = ""] = cluster.hostPorts;
    const hostPorts = [one, two, await slow(t, cluster.port(2), 60)];
    assert.equal((await sync(cluster, { generation: 4, hostPorts })).lsn, 0x1600100n);
    for (const index of [0, 1]) cluster.assertSettled(index, [...small.history, { term: 6n, lsn: 0x1600100n }]);
    const { control } = cluster.onDisk(2, 0n);
    assert.deepEqual([control.conf.generation, control.term, control.history], [3, small.term, small.history]);
  });
});

/** A server that does something else than an acceptor. */
async function impostor(t: TestContext, talk: (peer: FakePeer) => Promise<void>): Promise<string> {
  const fake = await startFakeServer(talk);
  t.after(() => fake.close());
  return `127.0.0.1:${fake.port}`;
}

/** Goes between, and lets nothing pass for a while. */
async function slow(t: TestContext, port: number, delayMs: number): Promise<string> {
  const sockets: Socket[] = [];
  const proxy = createServer((socket) => {
    setTimeout(() => {
      const behind = connect(port, "127.0.0.1");
      sockets.push(socket, behind);
      for (const side of [socket, behind]) side.on("error", () => {});
      socket.pipe(behind).pipe(socket);
    }, delayMs);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = proxy.address();
  return `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

/** Logs a proposer in, and answers its greeting with those bytes; then it is silent, or ends. */
function afterGreeting(bytes: Buffer, then: "silence" | "end" = "silence"): (peer: FakePeer) => Promise<void> {
  return async (peer) => {
    await trust(peer);
    await peer.until("query");
    peer.send({ kind: "copyBothResponse" });
    await peer.until("copyData");
    peer.socket.write(bytes);
    while (then === "silence" && (await peer.next()) !== undefined);
  };
}

describe("native sync when one of three is no help", () => {
  const impostors: readonly (readonly [string, (peer: FakePeer) => Promise<void>])[] = [
    ["hangs up", async () => {}],
    ["talks garbage from the start", async ({ socket }) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")],
    [
      "does not know the command",
      async (peer) => {
        await trust(peer);
        await peer.until("query");
        peer.send({ kind: "errorResponse", severity: "ERROR", code: "XX000", message: "no" });
        await peer.next();
      },
    ],
    ["answers the greeting with garbage", afterGreeting(Buffer.from("6400000008deadbeef", "hex"))],
    ["answers with half a message and an end", afterGreeting(Buffer.from("6400000020670000", "hex"), "end")],
    ["announces a message of 1 GiB", afterGreeting(Buffer.from("6440000000670000000000000000", "hex"))],
    ["speaks of 2^32 members", afterGreeting(Buffer.from("640000001567000000000000000700000000ffffffff", "hex"))],
  ];
  for (const [what, talk] of impostors) {
    it(`because it ${what}`, async (t) => {
      const cluster = await Cluster.start(t, [small, { ...small, flushLsn: 0x1600000n }]);
      const hostPorts = [await impostor(t, talk), ...cluster.hostPorts];
      assert.equal((await sync(cluster, { hostPorts })).lsn, 0x1600100n);
      for (const index of [0, 1]) cluster.assertSettled(index, [...small.history, { term: 6n, lsn: 0x1600100n }]);
    });
  }

  it("because it is down", async (t) => {
    const cluster = await Cluster.start(t, [small, { ...small, flushLsn: 0x1600000n }, small]);
    await cluster.safekeepers[2]?.close();
    assert.equal((await sync(cluster)).lsn, 0x1600100n);
    assert.match(linesOf(cluster).join("\n"), /lost safekeeper \S+: could not connect to \S+: connect ECONNREFUSED/);
  });

  it("because it is slow: it is waited for, and gets everything", async (t) => {
    const cluster = await Cluster.start(t, [small, { ...small, flushLsn: 0x1600000n }, small]);
    const [one = "", two = ""] = cluster.hostPorts;
    const third = await slow(t, cluster.safekeepers[2]?.port ?? 0, 200);
    assert.equal((await sync(cluster, { hostPorts: [one, two, third] })).lsn, 0x1600100n);
    for (const index of [0, 1, 2]) cluster.assertSettled(index, [...small.history, { term: 6n, lsn: 0x1600100n }]);
  });

  it("because it is on a newer term: the run is given up, and another one succeeds", async (t) => {
    const cluster = await Cluster.start(t, [small, { ...small, flushLsn: 0x1600000n }, { ...small, term: 7n }]);
    const [one = "", two = ""] = cluster.hostPorts;
    const hostPorts = [one, two, await slow(t, cluster.safekeepers[2]?.port ?? 0, 100)];
    await assert.rejects(sync(cluster, { hostPorts }), /is in term 7, later than ours, 6/);
    let report: SyncReport | undefined;
    for (let tries = 0; tries < 5 && report === undefined; tries += 1) {
      report = await sync(cluster, { hostPorts }).catch(() => undefined);
    }
    assert.equal(report?.lsn, 0x1600100n);
  });
});

describe("native sync that cannot succeed", () => {
  it("tells of each safekeeper when the time is over", async (t) => {
    const cluster = await Cluster.start(t, [small, small, small]);
    await cluster.safekeepers[1]?.close();
    const silent = await impostor(t, async (peer) => {
      while ((await peer.next()) !== undefined);
    });
    const [one = "", two = ""] = cluster.hostPorts;
    // No second try with the one that is gone, which would be under way when the time is over.
    const change = { hostPorts: [one, two, silent], reconnectMs: 60_000 };
    const failed = sync(cluster, change, { deadlineMs: 1_000 });
    await assert.rejects(failed, (error: Error) => {
      assert.match(error.message, new RegExp(`${one} is ready to vote, others are missing`));
      assert.match(error.message, new RegExp(`${two} is offline \\(could not connect .*ECONNREFUSED`));
      assert.match(error.message, new RegExp(`${silent} does not take our connection`));
      return true;
    });
  });

  it("ends at once when it is called off", async (t) => {
    const cluster = await Cluster.start(t, [small]);
    const silent = await impostor(t, async (peer) => {
      while ((await peer.next()) !== undefined);
    });
    const called = new AbortController();
    const reason = new Error("called off");
    const running = sync(
      cluster,
      { hostPorts: [silent, ...cluster.hostPorts, "127.0.0.1:1"] },
      { signal: called.signal },
    );
    setTimeout(() => called.abort(reason), 50);
    await assert.rejects(running, (error) => error === reason);
    await assert.rejects(sync(cluster, {}, { signal: called.signal }), (error) => error === reason);
  });

  it("is not tried with a list that is none, or a generation over version 2 (SK-30)", async (t) => {
    const cluster = await Cluster.start(t, []);
    const many = Array.from({ length: 32 }, (_, index) => `h:${index + 1}`);
    for (const change of [
      { hostPorts: [] },
      { hostPorts: many },
      { hostPorts: ["h"] },
      { hostPorts: ["h:1"], generation: 1, protocolVersion: 2 },
    ] as const) {
      await assert.rejects(sync(cluster, change), ConnectionTargetError);
    }
  });
});

describe("the token of a native sync (BASE-20)", () => {
  it("opens the safekeepers, and is never told to anybody else", async (t) => {
    const tokens = await createTokenAuthority();
    const cluster = await Cluster.start(t, [small, { ...small, flushLsn: 0x1600000n }, small], { tokens });
    const token = await tokens.issue({ scope: "tenant", tenant_id: clusterBranch.tenantId });
    assert.equal((await sync(cluster, { token })).lsn, 0x1600100n);
    await assert.rejects(sync(cluster, { token: `${token}x` }), (error: Error) => {
      assert.match(inspect(error), /JWT authentication error/);
      assert.equal(inspect(error).includes(token), false);
      return isHopeless(error);
    });
    assert.equal(linesOf(cluster).join("\n").includes(token), false);
  });
});
