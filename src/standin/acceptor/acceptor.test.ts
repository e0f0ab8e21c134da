import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import type { Lsn } from "../../base/lsn.ts";
import { type MembershipConf, noConf, type TermHistory, walSegmentBytes } from "../../storage/walproposer/messages.ts";
import {
  type AcceptorEffect,
  type AcceptorEvent,
  type AcceptorState,
  acceptorStep,
  startAcceptor,
} from "./acceptor.ts";
import { type ControlState, newControlState } from "./control-state.ts";

const tenantId = parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90") ?? assert.fail();
const timelineId = parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0") ?? assert.fail();
const s = 0x1500000n;
const greeting = {
  kind: "greeting",
  tenantId,
  timelineId,
  conf: noConf,
  pgVersion: 170_002,
  systemId: 0n,
  segmentBytes: walSegmentBytes,
} as const;

/** An acceptor that carries out nothing, and keeps what it would have to. */
class Bench {
  state: AcceptorState;

  constructor(change: Partial<ControlState> = {}, startLsn = s) {
    const server = { pgVersion: 170_005, systemId: 42n };
    this.state = startAcceptor(7n, { ...newControlState({ tenantId, timelineId, server, startLsn }), ...change });
  }

  tell(event: AcceptorEvent): readonly AcceptorEffect[] {
    const { state, effects } = acceptorStep(this.state, event);
    this.state = state;
    return effects;
  }

  elect(term: bigint, history: TermHistory, startStreamingAt: Lsn): readonly AcceptorEffect[] {
    const generation = this.state.control.conf.generation;
    return this.tell({ kind: "elected", generation, term, startStreamingAt, history });
  }

  append(term: bigint, beginLsn: Lsn, bytes: number, commitLsn = 0n, truncateLsn = 0n): readonly AcceptorEffect[] {
    const data = Buffer.alloc(bytes, 1);
    return this.tell({ kind: "append-request", generation: 0, term, beginLsn, commitLsn, truncateLsn, data });
  }
}

function kinds(effects: readonly AcceptorEffect[]): readonly string[] {
  return effects.map(({ kind }) => kind);
}

function failure(effects: readonly AcceptorEffect[]): string {
  const [effect] = effects;
  return effect?.kind === "fail" ? effect.reason : "";
}

function reply(effects: readonly AcceptorEffect[]) {
  const effect = effects.at(-1);
  return effect?.kind === "reply" ? effect.message : undefined;
}

const zeroth = { term: 0n, lsn: s };

describe("a greeting (SK-62)", () => {
  it("is answered with node, configuration and term; nothing changes", () => {
    const bench = new Bench({ term: 5n });
    assert.deepEqual(bench.tell(greeting), [
      { kind: "reply", message: { kind: "greeting", nodeId: 7n, conf: noConf, term: 5n } },
    ]);
  });

  it("of another major version, tenant, timeline or segment size is refused", () => {
    const other = parseTenantId("0".repeat(32)) ?? assert.fail();
    const otherTimeline = parseTimelineId("0".repeat(32)) ?? assert.fail();
    for (const wrong of [
      { pgVersion: 160_005 },
      { tenantId: other },
      { timelineId: otherTimeline },
      { segmentBytes: 8192 },
    ]) {
      assert.match(failure(new Bench().tell({ ...greeting, ...wrong })), /^invalid .*expected/);
    }
  });

  it("brings another system id, which is kept", () => {
    const bench = new Bench();
    assert.deepEqual(kinds(bench.tell({ ...greeting, systemId: 43n })), ["persist", "reply"]);
    assert.equal(bench.state.control.server.systemId, 43n);
  });

  it("brings a newer configuration, if it has us in it", () => {
    const conf: MembershipConf = { generation: 2, members: [{ nodeId: 7n, host: "h", port: 1 }], newMembers: [] };
    const bench = new Bench();
    assert.deepEqual(kinds(bench.tell({ ...greeting, conf })), ["persist", "reply"]);
    assert.equal(bench.state.control.conf.generation, 2);
    const stranger = { ...conf, generation: 3, members: [{ nodeId: 8n, host: "h", port: 1 }] };
    assert.match(failure(bench.tell({ ...greeting, conf: stranger })), /node 7 is not a member/);
  });
});

describe("a vote (SK-63)", () => {
  it("is given once in a term, and on disk before it is given", () => {
    const bench = new Bench({ term: 3n });
    const first = bench.tell({ kind: "vote-request", generation: 0, term: 4n });
    assert.deepEqual(kinds(first), ["sync-wal", "persist", "reply"]);
    assert.deepEqual(reply(first), {
      kind: "vote-response",
      generation: 0,
      term: 4n,
      given: true,
      flushLsn: s,
      truncateLsn: s,
      history: [zeroth],
    });
    for (const term of [4n, 3n]) {
      const message = reply(bench.tell({ kind: "vote-request", generation: 0, term }));
      assert.equal(message?.kind === "vote-response" && message.given, false);
      assert.equal(message?.term, 4n);
    }
  });

  it("of another generation is an error", () => {
    assert.match(
      failure(new Bench().tell({ kind: "vote-request", generation: 1, term: 1n })),
      /generation 1, expected 0/,
    );
  });

  it("tells no history beyond the WAL", () => {
    const bench = new Bench({ history: [zeroth, { term: 2n, lsn: s + 8n }] });
    const message = reply(bench.tell({ kind: "vote-request", generation: 0, term: 3n }));
    assert.deepEqual(message?.kind === "vote-response" && message.history, [zeroth]);
  });
});

describe("an election (SK-64)", () => {
  const leading = [zeroth, { term: 4n, lsn: s + 16n }];

  it("brings history and end of WAL in one write", () => {
    const bench = new Bench({ flushLsn: s + 32n });
    assert.deepEqual(kinds(bench.elect(4n, leading, s + 16n)), ["sync-wal", "persist", "cut"]);
    assert.equal(bench.state.control.term, 4n);
    assert.equal(bench.state.control.flushLsn, s + 16n);
    assert.equal(bench.state.writtenLsn, s + 16n);
    assert.deepEqual(bench.state.control.history, leading);
  });

  it("gives an empty timeline its start, and the headers of its first segment", () => {
    const bench = new Bench({}, 0n);
    assert.deepEqual(kinds(bench.elect(4n, leading, s)), ["write", "write", "sync-wal", "persist", "cut"]);
    const { control, commitLsn, peerHorizonLsn } = bench.state;
    assert.deepEqual([control.timelineStartLsn, control.localStartLsn, control.commitLsn], [s, s, s]);
    assert.deepEqual([control.backupLsn, control.remoteConsistentLsn, control.peerHorizonLsn], [s, s, s]);
    assert.deepEqual([commitLsn, peerHorizonLsn], [s, s]);
  });

  it("of an older term is ignored, of another point or without a history an error", () => {
    assert.deepEqual(new Bench({ term: 5n }).elect(4n, leading, s), []);
    assert.match(failure(new Bench().elect(4n, leading, s + 8n)), /streams from 0\/1500008, but the common point is/);
    assert.match(failure(new Bench().elect(4n, [{ term: 0n, lsn: 1n }], s)), /no common point/);
    assert.match(failure(new Bench().elect(4n, [], s)), /empty/);
    const wrong = { kind: "elected", generation: 1, term: 4n, startStreamingAt: s, history: leading } as const;
    assert.match(failure(new Bench().tell(wrong)), /generation/);
  });

  it("never cuts what is committed", () => {
    const bench = new Bench({ flushLsn: s + 32n, commitLsn: s + 32n });
    assert.match(failure(bench.elect(4n, leading, s + 16n)), /would cut committed WAL/);
  });
});

/** An acceptor in term 4, which began at its end. */
function elected(): Bench {
  const bench = new Bench();
  bench.elect(4n, [zeroth, { term: 4n, lsn: s }], s);
  return bench;
}

describe("WAL (SK-65, SK-66)", () => {
  it("is written, and acknowledged when it is on disk", () => {
    const bench = elected();
    assert.deepEqual(kinds(bench.append(4n, s, 16)), ["write", "owe-reply"]);
    assert.deepEqual(kinds(bench.append(4n, s + 16n, 8)), ["write", "owe-reply"]);
    assert.equal(bench.state.control.flushLsn, s);
    const effects = bench.tell({ kind: "flush" });
    assert.deepEqual(kinds(effects), ["sync-wal", "persist", "reply"]);
    const message = reply(effects);
    assert.equal(message?.kind === "append-response" && message.flushLsn, s + 24n);
  });

  it("that does not follow, of a later term, or before the election is an error", () => {
    assert.match(failure(elected().append(4n, s + 8n, 8)), /does not follow/);
    assert.match(failure(elected().append(5n, s, 8)), /before ProposerElected/);
    const voted = new Bench();
    voted.tell({ kind: "vote-request", generation: 0, term: 4n });
    assert.match(failure(voted.append(4n, s, 8)), /before ProposerElected/);
  });

  it("of an earlier term is answered with ours, and no positions", () => {
    const message = reply(elected().append(3n, s, 8));
    assert.equal(message?.kind === "append-response" && message.flushLsn, 0n);
    assert.equal(message?.term, 4n);
  });

  it("is committed up to what is on disk; reaching the last term's start goes to disk at once", () => {
    const bench = new Bench({ flushLsn: s + 32n });
    bench.elect(4n, [zeroth, { term: 4n, lsn: s + 16n }], s + 16n);
    assert.deepEqual(kinds(bench.append(4n, s + 16n, 8, s + 8n, s + 8n)), ["write", "owe-reply"]);
    assert.equal(bench.state.commitLsn, s + 8n);
    assert.deepEqual(kinds(bench.append(4n, s + 24n, 0, s + 24n)), ["persist", "owe-reply"]);
    assert.equal(bench.state.control.commitLsn, s + 16n);
    bench.tell({ kind: "flush" });
    const effects = bench.append(4n, s + 24n, 0, s + 24n);
    assert.deepEqual(kinds(effects), ["owe-reply"]);
    assert.equal(bench.state.commitLsn, s + 24n);
    const message = reply(bench.tell({ kind: "flush" }));
    assert.equal(message?.kind === "append-response" && message.commitLsn, s + 16n);
    assert.equal(bench.state.peerHorizonLsn, s + 8n);
    assert.equal(bench.state.control.peerHorizonLsn, s);
  });
});
