import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Electorate, isQuorum, majority, mayVote, quorumPosition } from "./membership.ts";

const start = 0x2000000n;

function nodes(...ids: readonly bigint[]): readonly { readonly nodeId: bigint }[] {
  return ids.map((nodeId) => ({ nodeId }));
}

function members(old: readonly bigint[], next: readonly bigint[] = []): Electorate {
  const member = (nodeId: bigint) => ({ nodeId, host: "h", port: 1 });
  return { kind: "members", conf: { generation: 1, members: old.map(member), newMembers: next.map(member) } };
}

function positions(...lsns: readonly bigint[]) {
  return lsns.map((flushLsn, index) => ({ nodeId: BigInt(index + 1), flushLsn }));
}

describe("a quorum (SK-42)", () => {
  it("is more than half of the entries when there is no configuration", () => {
    assert.deepEqual([1, 2, 3, 4, 5].map(majority), [1, 2, 2, 3, 3]);
    const four: Electorate = { kind: "entries", count: 4 };
    assert.equal(isQuorum(four, nodes(1n, 2n)), false);
    assert.equal(isQuorum(four, nodes(1n, 2n, 3n)), true);
  });

  it("is a majority of the members, whoever else is there", () => {
    assert.equal(isQuorum(members([1n, 2n, 3n]), nodes(1n, 8n, 9n)), false);
    assert.equal(isQuorum(members([1n, 2n, 3n]), nodes(1n, 3n)), true);
    assert.equal(mayVote(members([1n], [2n]), { nodeId: 2n }), true);
    assert.equal(mayVote(members([1n], [2n]), { nodeId: 3n }), false);
  });

  it("is a majority of both sets while members change", () => {
    const joint = members([1n, 2n, 3n], [4n]);
    assert.equal(isQuorum(joint, nodes(1n, 2n)), false);
    assert.equal(isQuorum(joint, nodes(1n, 4n)), false);
    assert.equal(isQuorum(joint, nodes(1n, 2n, 4n)), true);
  });

  it("does not exist without the configuration that there ought to be", () => {
    assert.equal(isQuorum({ kind: "unknown" }, nodes(1n, 2n, 3n)), false);
    assert.equal(mayVote({ kind: "unknown" }, { nodeId: 1n }), false);
    assert.equal(quorumPosition({ kind: "unknown" }, positions(start, start, start)), 0n);
  });
});

describe("the commit position (SK-48)", () => {
  it("is what a majority of the entries has", () => {
    const three: Electorate = { kind: "entries", count: 3 };
    assert.equal(quorumPosition(three, positions(start, 0n)), 0n);
    assert.equal(quorumPosition(three, positions(start, start, 0n)), start);
    const four: Electorate = { kind: "entries", count: 4 };
    assert.equal(quorumPosition(four, positions(start, start, 0n, start)), start);
    assert.equal(quorumPosition(four, positions(start, start, 0n, 0n)), 0n);
  });

  it("is what majorities of both sets have", () => {
    const joint = members([1n, 2n, 3n], [3n, 4n, 5n]);
    assert.equal(quorumPosition(joint, positions(start, start, 0n, 0n, 0n)), 0n);
    assert.equal(quorumPosition(joint, positions(start, start, 0n, start - 8n, start)), start - 8n);
  });
});
