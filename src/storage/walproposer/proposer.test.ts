import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { walPayloadBytesMax } from "./messages.ts";
import { describeLinks } from "./progress.ts";
import { a, Bench, b, c, e3, elect, electedE3, history, sent, start, startPoints } from "./test-bench.ts";

describe("election scenarios (SK-43, SK-44)", () => {
  it("E1: nothing was ever written: 0/0, and nobody is told", () => {
    const empty = { term: 0n, flushLsn: 0n, history: [], truncateLsn: 0n };
    const bench = elect(
      new Map([
        [a, empty],
        [b, empty],
      ]),
    );
    assert.equal(bench.state.term, 1n);
    assert.deepEqual(bench.outcome, { kind: "finished", lsn: 0n });
    assert.equal(startPoints(bench.take()).size, 0);
  });

  it("E2: everybody has everything: finished, and nobody is told", () => {
    const lsn = 0x14ee150n;
    const same = { term: 0n, flushLsn: lsn, history: history([0n, lsn]), truncateLsn: lsn };
    const bench = elect(
      new Map([
        [a, same],
        [b, same],
      ]),
    );
    assert.equal(bench.state.term, 1n);
    assert.deepEqual(bench.outcome, { kind: "finished", lsn });
    assert.equal(startPoints(bench.take()).size, 0);
  });

  it("E3, SK-46: the highest last term wins; the others are brought up to its end, one message after the other", () => {
    const bench = new Bench();
    for (const [link, term] of [
      [a, 3n],
      [b, 3n],
      [c, 2n],
    ] as const)
      bench.greet(link, term);
    bench.vote(c, e3.c);
    bench.vote(a, e3.a);
    bench.vote(b, e3.b);
    assert.equal(bench.state.term, 4n);
    assert.equal(bench.state.election?.donor, a);
    assert.deepEqual(bench.state.election?.history, [...e3.a.history, { term: 4n, lsn: start }]);
    const effects = bench.take();
    assert.deepEqual(
      startPoints(effects),
      new Map([
        [c, "0/1700000"],
        [a, "0/2000000"],
        [b, "0/1900000"],
      ]),
    );
    for (const effect of effects) if (effect.kind === "read-wal") assert.equal(effect.source, a);
    for (const effect of effects) {
      if (effect.kind !== "read-wal") continue;
      const { link, beginLsn, endLsn } = effect;
      assert.equal(endLsn - beginLsn, BigInt(walPayloadBytesMax));
      bench.tell({ kind: "wal", link, beginLsn, data: Buffer.alloc(walPayloadBytesMax) });
    }
    // The first requests were answered above.
    assert.deepEqual(
      bench.feed(),
      new Map([
        [c, 71],
        [b, 55],
      ]),
    );
  });

  it("E4: a higher last term wins over a longer log", () => {
    const bench = elect(
      new Map([
        [b, e3.b],
        [c, e3.c],
      ]),
    );
    assert.equal(bench.state.election?.donor, b);
    assert.equal(bench.state.election?.startLsn, 0x1900000n);
    assert.deepEqual(bench.feed(), new Map([[c, 16]]));
  });

  it("E5: a tail that was never committed is kept", () => {
    const before = history([1n, 0x1500000n], [5n, 0x1600000n]);
    const standing = { term: 5n, flushLsn: 0x1600100n, history: before, truncateLsn: 0x1600000n };
    const bench = elect(
      new Map([
        [a, standing],
        [b, { ...standing, flushLsn: 0x1600000n }],
      ]),
    );
    assert.equal(bench.state.term, 6n);
    const read = bench.take().find((effect) => effect.kind === "read-wal");
    assert.deepEqual(read, {
      kind: "read-wal",
      link: b,
      source: a,
      term: 6n,
      beginLsn: 0x1600000n,
      endLsn: 0x1600100n,
    });
  });

  it("E6: an acceptor without WAL starts where the history does", () => {
    const full = { term: 9n, flushLsn: 0x1600000n, history: history([1n, 0x1500000n]), truncateLsn: 0x1500000n };
    const bench = elect(
      new Map([
        [a, full],
        [b, { term: 4n, flushLsn: 0n, history: [], truncateLsn: 0n }],
      ]),
    );
    assert.equal(bench.state.term, 10n);
    assert.equal(bench.state.election?.donor, a);
    assert.deepEqual(bench.feed(), new Map([[b, 8]]));
  });

  it("E7: a vote of a later term, or one refused in the campaign, aborts", () => {
    for (const verdict of [{ given: false, term: 9n }, { given: false }]) {
      const bench = new Bench();
      bench.greet(a, 3n);
      bench.greet(b, 3n);
      bench.vote(a, e3.a, verdict);
      assert.equal(bench.outcome?.kind, "aborted");
      assert.match(bench.reason, /^WAL acceptor a:1 with term \d rejects our connection request with term 4$/);
    }
  });

  it("the first in the list wins a tie", () => {
    const bench = elect(
      new Map([
        [c, e3.a],
        [b, e3.a],
      ]),
    );
    assert.equal(bench.state.election?.donor, b);
  });
});

describe("the message trace of E3 with the donor", () => {
  it("is as the chapter says", () => {
    const bench = new Bench();
    bench.greet(a, 3n);
    bench.greet(b, 3n);
    bench.greet(c, 2n);
    assert.deepEqual(
      sent(bench.take(), a).map(({ kind }) => kind),
      ["greeting", "vote-request"],
    );
    bench.vote(a, e3.a);
    bench.vote(b, e3.b);
    const [elected, first] = sent(bench.take(), a);
    assert.equal(elected?.kind === "elected" && elected.startStreamingAt, start);
    const empty = { kind: "append-request", generation: 0, term: 4n, beginLsn: start, data: Buffer.alloc(0) } as const;
    assert.deepEqual(first, { ...empty, commitLsn: 0n, truncateLsn: 0x1500000n });
    bench.vote(c, e3.c);
    bench.ack(a, start, 0x1500000n);
    assert.deepEqual(sent(bench.take(), a), []);
    bench.ack(b, start, 0x1500000n);
    assert.deepEqual(sent(bench.take(), a), [{ ...empty, commitLsn: start, truncateLsn: 0x1500000n }]);
    bench.ack(a, start, start);
    bench.ack(b, start, start);
    assert.equal(bench.outcome, null);
    bench.ack(c, start, start);
    assert.deepEqual(sent(bench.take(), a), [{ ...empty, commitLsn: start, truncateLsn: start }]);
    assert.deepEqual(bench.outcome, { kind: "finished", lsn: start });
    bench.tell({ kind: "tick" });
    assert.deepEqual(bench.take(), []);
  });
});

describe("the end of a sync (SK-48, SK-49)", () => {
  it("waits for an acceptor that is being tried, and not for one that refuses", () => {
    const bench = electedE3();
    bench.ack(a, start, start);
    bench.ack(b, start, start);
    assert.equal(bench.outcome, null);
    bench.tell({ kind: "link-down", link: c, reason: "connection refused" });
    assert.deepEqual(bench.outcome, { kind: "finished", lsn: start });
  });

  it("waits for a black-holed acceptor as long as a connection may take (trap 10)", () => {
    const bench = electedE3();
    bench.ack(a, start, start);
    bench.ack(b, start, start);
    for (bench.nowMs = 1000; bench.nowMs < 10_000; bench.nowMs += 1000) {
      bench.tell({ kind: "tick" });
      bench.ack(a, start, start);
      bench.ack(b, start, start);
    }
    assert.equal(bench.outcome, null);
    bench.tell({ kind: "tick" });
    assert.deepEqual(bench.outcome, { kind: "finished", lsn: start });
  });

  it("SK-48: one that has all WAL only after the commit is told of it at once, and once, not with the next tick", () => {
    const bench = electedE3();
    bench.greet(c, 2n);
    bench.vote(c, e3.c);
    bench.feed();
    bench.ack(a, start, start);
    bench.ack(b, start, start);
    bench.take();
    bench.ack(c, 0x1a00000n, 0x1500000n);
    assert.deepEqual(bench.take(), []);
    bench.ack(c, start, 0x1500000n);
    const told = bench.take();
    assert.equal(told.length, 1);
    const [request] = sent(told, c);
    assert.equal(request?.kind === "append-request" && request.data.length, 0);
    assert.equal(request?.kind === "append-request" && request.commitLsn, start);
    bench.ack(c, start, 0x1500000n);
    assert.deepEqual(bench.take(), []);
    bench.ack(c, start, start);
    assert.deepEqual(bench.outcome, { kind: "finished", lsn: start });
  });

  it("needs the commit on disk of the living, not only the WAL", () => {
    const bench = electedE3();
    bench.tell({ kind: "link-down", link: c, reason: "gone" });
    bench.ack(a, start, start);
    bench.ack(b, start, 0x1500000n);
    assert.equal(bench.state.commitLsn, start);
    assert.equal(bench.outcome, null);
  });

  it("another generation or a later term in an acknowledgement aborts; an earlier term is an echo", () => {
    for (const more of [{ generation: 2 }, { term: 5n }]) {
      const bench = electedE3();
      bench.ack(a, start, start, more);
      assert.equal(bench.outcome?.kind, "aborted");
    }
    const bench = electedE3();
    bench.ack(a, start, start, { term: 3n });
    assert.equal(bench.outcome, null);
    assert.equal(bench.state.links[a]?.lastAck, null);
  });

  it("late, is a success when a quorum has everything, else an error that tells of each", () => {
    const done = electedE3();
    done.ack(a, start, 0x1500000n);
    done.ack(b, start, 0x1500000n);
    done.tell({ kind: "deadline" });
    assert.deepEqual(done.outcome, { kind: "finished", lsn: start });
    const bench = new Bench();
    bench.greet(a, 3n);
    bench.tell({ kind: "link-down", link: b, reason: "connection refused" });
    bench.tell({ kind: "deadline" });
    const reason = bench.outcome?.kind === "aborted" ? bench.outcome.reason : "";
    assert.match(
      reason,
      /a:1 is ready to vote, others are missing; b:1 is offline \(connection refused\); c:1 does not/,
    );
  });
});

describe("sources of WAL (SK-47)", () => {
  it("when the donor is gone, the one that acknowledged most serves", () => {
    const bench = electedE3();
    bench.ack(a, start, 0x1500000n);
    bench.ack(b, start, 0x1500000n);
    bench.greet(c, 2n);
    bench.tell({ kind: "link-down", link: a, reason: "gone" });
    bench.take();
    bench.vote(c, e3.c);
    const read = bench.take().find((effect) => effect.kind === "read-wal");
    assert.equal(read?.kind === "read-wal" && read.source, b);
  });

  it("when nobody has it, or it cannot be read, the receiver is dropped and tried again", () => {
    const bench = electedE3();
    bench.tell({ kind: "wal-failed", link: b, reason: "cut" });
    assert.deepEqual(bench.take(), [{ kind: "close", link: b }]);
    bench.tell({ kind: "link-down", link: a, reason: "gone" });
    bench.nowMs = 1000;
    bench.tell({ kind: "tick" });
    bench.greet(b, 4n);
    bench.vote(b, e3.b, { given: false });
    assert.match(describeLinks(bench.state), /b:1 is offline \(no other safekeeper that is connected has the WAL/);
  });

  it("WAL that nobody asked for, or no more, is dropped", () => {
    const bench = electedE3();
    bench.tell({ kind: "wal", link: b, beginLsn: 0x1900008n, data: Buffer.alloc(8) });
    bench.tell({ kind: "wal", link: b, beginLsn: 0x1900000n, data: Buffer.alloc(8) });
    bench.tell({ kind: "wal", link: a, beginLsn: start, data: Buffer.alloc(0) });
    assert.deepEqual(bench.take(), []);
  });
});
