import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noConf } from "./messages.ts";
import { describeLinks } from "./progress.ts";
import { a, Bench, b, c, e3, history, sent, start } from "./test-bench.ts";

describe("greetings (SK-41, SK-42)", () => {
  it("are counted by acceptors that are there, not by their number (trap 11)", () => {
    const bench = new Bench();
    bench.greet(a, 3n);
    bench.tell({ kind: "link-down", link: a, reason: "gone" });
    bench.nowMs = 2000;
    bench.tell({ kind: "tick" });
    bench.greet(a, 3n);
    assert.equal(bench.state.phase, "collect");
    bench.greet(b, 7n);
    assert.equal(bench.state.phase, "campaign");
    assert.equal(bench.state.term, 8n);
  });

  it("of one node under two names count once", () => {
    const bench = new Bench();
    bench.greet(a, 3n);
    bench.greet(b, 3n, { nodeId: 1n });
    assert.equal(bench.state.phase, "collect");
    assert.match(describeLinks(bench.state), /b:1 is offline \(it is the same node 1 as a:1\)/);
  });

  const conf = {
    generation: 4,
    members: [1n, 2n, 3n].map((nodeId) => ({ nodeId, host: "h", port: 1 })),
    newMembers: [{ nodeId: 4n, host: "h", port: 1 }],
  };

  it("bring a configuration, which decides from then on: majorities of old and new members", () => {
    const bench = new Bench({ hostPorts: ["a:1", "b:1", "c:1", "d:1"], generation: 4 });
    const standing = { ...e3.a, term: 3n };
    for (const link of [a, b]) bench.greet(link, 3n, { conf });
    assert.equal(bench.state.phase, "collect");
    bench.greet(3, 3n, { conf });
    assert.equal(bench.state.phase, "campaign");
    const [, request] = sent(bench.take(), a);
    assert.deepEqual(request, { kind: "vote-request", generation: 4, term: 4n });
    bench.vote(a, standing);
    bench.vote(b, standing);
    assert.equal(bench.state.phase, "campaign");
    bench.vote(3, standing);
    assert.equal(bench.state.phase, "elected");
  });

  it("with a configuration that comes too late, or has no members, abort", () => {
    const late = new Bench();
    late.greet(a, 3n);
    late.greet(b, 3n);
    late.greet(c, 3n, { conf });
    assert.deepEqual(late.outcome, {
      kind: "aborted",
      reason: "restarting to adopt mconf generation 4",
      term: late.state.term,
    });
    const hollow = new Bench();
    hollow.greet(a, 3n, { conf: { ...conf, members: [] } });
    assert.equal(hollow.outcome?.kind, "aborted");
  });

  it("of a later term than ours abort once the campaign runs", () => {
    const bench = new Bench();
    bench.greet(a, 3n);
    bench.greet(b, 3n);
    bench.greet(c, 4n);
    assert.equal(bench.outcome, null);
    const other = new Bench();
    other.greet(a, 3n);
    other.greet(b, 3n);
    other.greet(c, 5n);
    assert.equal(other.outcome?.kind, "aborted");
  });

  it("SK-24: tell the next try of the later term, which then campaigns above it", () => {
    const bench = new Bench();
    for (const index of [a, b]) bench.greet(index, 3n);
    bench.greet(c, 9n);
    assert.ok(bench.outcome?.kind === "aborted");
    assert.equal(bench.outcome.term, 9n);
    const next = new Bench({ termFloor: 9n });
    for (const index of [a, b]) next.greet(index, 3n);
    assert.deepEqual([next.state.phase, next.state.term], ["campaign", 10n]);
    next.greet(c, 9n);
    assert.equal(next.outcome, null);
  });

  it("of a term that no safekeeper reaches are not believed: the others decide (SK-40)", () => {
    const bench = new Bench();
    bench.greet(a, 2n ** 64n - 1n);
    bench.greet(b, 3n);
    bench.greet(c, 3n);
    assert.deepEqual([bench.state.phase, bench.state.term], ["campaign", 4n]);
    assert.match(bench.state.links[a]?.trouble ?? "", /claims to be in term 18446744073709551615/);
  });

  it("without the configuration that the list speaks of are reported (trap 14)", () => {
    const bench = new Bench({ generation: 4 });
    bench.greet(a, 3n);
    assert.equal(bench.outcome, null);
    bench.greet(b, 3n);
    assert.match(bench.reason, /has generation 4, but a:1, b:1 have no membership configuration/);
  });
});

/** A's vote was sent and lost with its connection; it comes back. `known` says whether the vote had arrived. */
function reconnected(known: boolean): Bench {
  const bench = new Bench();
  bench.greet(a, 3n);
  bench.greet(b, 3n);
  if (known) bench.vote(a, e3.a);
  bench.tell({ kind: "link-down", link: a, reason: "reset" });
  bench.nowMs = 1000;
  bench.tell({ kind: "tick" });
  bench.greet(a, 4n);
  bench.take();
  bench.vote(a, e3.a, { given: false });
  return bench;
}

describe("our own vote after a reconnect (trap 16)", () => {
  it("counts when we know that it was given to us", () => {
    const bench = reconnected(true);
    assert.equal(bench.outcome, null);
    bench.vote(b, e3.b);
    assert.equal(bench.state.phase, "elected");
  });

  it("is asked for anew, in a new term, when we cannot know", () => {
    const bench = reconnected(false);
    assert.equal(bench.outcome, null);
    assert.equal(bench.state.phase, "collect");
    assert.deepEqual(
      bench.take().map(({ kind }) => kind),
      ["close", "open", "close", "open", "close", "open"],
    );
    bench.greet(a, 4n);
    bench.greet(b, 3n);
    assert.equal(bench.state.term, 5n);
    bench.vote(a, { ...e3.a, term: 5n });
    bench.vote(b, { ...e3.b, term: 5n });
    assert.equal(bench.state.phase, "elected");
  });

  it("is asked for anew only a few times", () => {
    const bench = reconnected(false);
    for (let tries = 0; tries < 10 && bench.outcome === null; tries += 1) {
      const term = bench.state.term;
      bench.greet(a, term);
      bench.greet(b, term);
      bench.tell({ kind: "link-down", link: a, reason: "reset" });
      bench.nowMs += 1000;
      bench.tell({ kind: "tick" });
      bench.greet(a, bench.state.term);
      bench.vote(a, e3.a, { given: false });
    }
    assert.equal(bench.outcome?.kind, "aborted");
    assert.equal(bench.state.restarts, 3);
  });
});

describe("links (SK-40, SK-50)", () => {
  it("are reopened by the tick, and kept while they wait for others (trap 12)", () => {
    const bench = new Bench();
    bench.greet(a, 3n);
    bench.tell({ kind: "link-down", link: b, reason: "refused" });
    bench.take();
    bench.nowMs = 60_000;
    bench.tell({ kind: "tick" });
    assert.deepEqual(bench.take(), [
      { kind: "close", link: c },
      { kind: "open", link: b },
      { kind: "open", link: c },
    ]);
    assert.equal(bench.state.links[a]?.phase, "wait-voting");
  });

  it("that waited for others are renewed at once when they close, but not in a tight loop", () => {
    const bench = new Bench();
    bench.greet(a, 3n);
    bench.take();
    bench.tell({ kind: "link-down", link: a, reason: "restart" });
    assert.deepEqual(bench.take(), [{ kind: "close", link: a }]);
    bench.nowMs = 1000;
    bench.tell({ kind: "tick" });
    bench.greet(a, 3n);
    bench.take();
    bench.nowMs = 2500;
    bench.tell({ kind: "link-down", link: a, reason: "restart" });
    assert.deepEqual(bench.take(), [
      { kind: "close", link: a },
      { kind: "open", link: a },
    ]);
  });

  it("with a message that is not due, of another term or generation, or an impossible history are dropped", () => {
    const greeted = (): Bench => {
      const bench = new Bench();
      bench.greet(a, 3n);
      bench.greet(b, 3n);
      bench.take();
      return bench;
    };
    for (const spoil of [
      (bench: Bench) => bench.ack(a, start, start),
      (bench: Bench) => bench.say(a, { kind: "greeting", nodeId: 1n, conf: noConf, term: 3n }),
      (bench: Bench) => bench.vote(a, e3.a, { term: 3n }),
      (bench: Bench) => bench.vote(a, e3.a, { given: false, term: 3n }),
      (bench: Bench) => bench.vote(a, { ...e3.a, history: history([3n, 1n], [2n, 2n]) }),
      (bench: Bench) => bench.vote(a, { ...e3.a, history: history([3n, start + 1n]) }),
      (bench: Bench) =>
        bench.say(a, { kind: "vote-response", generation: 9, given: true, ...e3.a, term: bench.state.term }),
    ]) {
      const bench = greeted();
      spoil(bench);
      assert.equal(bench.outcome, null);
      assert.deepEqual(bench.take(), [{ kind: "close", link: a }]);
    }
    const bench = greeted();
    bench.vote(a, e3.a);
    bench.vote(b, { ...e3.b, history: history([1n, 0x1500001n], [3n, 0x1800000n]) });
    assert.match(describeLinks(bench.state), /b:1 is offline \(its term history contradicts/);
  });
});
