import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { nextQuorum, type SafekeeperAnswer } from "./quorum.ts";

const at = (flushLsn: bigint, commitLsn: bigint = flushLsn): SafekeeperAnswer => ({
  kind: "status",
  flushLsn,
  commitLsn,
});
const unknown: SafekeeperAnswer = { kind: "unknown-timeline" };
const failed: SafekeeperAnswer = { kind: "failed", why: "refused" };
const kindOf = (count: number, answers: readonly SafekeeperAnswer[]): string => nextQuorum(count, answers).kind;

describe("quorum check (SK-10 to SK-12)", () => {
  it("two of three that agree are enough", () => {
    assert.equal(kindOf(3, []), "wait");
    assert.equal(kindOf(3, [at(0x5000000n)]), "wait");
    assert.deepEqual(nextQuorum(3, [at(0x5000000n), at(0x5000000n)]), { kind: "synced", lsn: 0x5000000n });
  });

  it("an empty timeline everywhere is synced at 0/0", () => {
    assert.deepEqual(nextQuorum(3, [at(0n), at(0n)]), { kind: "synced", lsn: 0n });
  });

  const notSynced: readonly (readonly [string, number, readonly SafekeeperAnswer[], RegExp])[] = [
    ["flush positions differ", 3, [at(0x5000000n), at(0x5000100n, 0x5000000n)], /flush 0\/5000100 commit 0\/5000000/],
    ["commit positions differ", 3, [at(0x5n), at(0x5n, 0x4n)], /differ/],
    ["commit lags behind flush everywhere", 3, [at(0x5n, 0x4n), at(0x5n, 0x4n)], /differ/],
    ["one does not know the timeline", 3, [at(0x5n), unknown], /does not know the timeline/],
    ["none knows the timeline", 3, [unknown, unknown], /does not know the timeline/],
    ["one answer, two timeouts", 3, [at(0x5n), failed, failed], /only 1 of 3/],
    ["two errors come first", 3, [failed, failed], /only 0 of 3 .* needed: refused; refused/],
    ["four: two answers, two errors", 4, [at(0x5n), failed, at(0x5n), failed], /2 of 4 safekeepers answered, 3/],
    ["the only one fails", 1, [failed], /only 0 of 1/],
  ];
  for (const [name, count, answers, why] of notSynced) {
    it(`not synced: ${name}`, () => {
      const outcome = nextQuorum(count, answers);
      assert.match(outcome.kind === "not-synced" ? outcome.why : outcome.kind, why);
    });
  }

  it("an error in between costs nothing while a quorum can still come", () => {
    assert.equal(kindOf(3, [failed]), "wait");
    assert.equal(kindOf(3, [at(1n), failed]), "wait");
    assert.equal(kindOf(3, [at(1n), failed, at(1n)]), "synced");
  });

  it("the quorum of four is three, of one is one", () => {
    assert.equal(kindOf(4, [at(1n), at(1n)]), "wait");
    assert.equal(kindOf(4, [at(1n), at(1n), at(1n)]), "synced");
    assert.equal(kindOf(1, [at(1n)]), "synced");
  });

  it("an end always comes by the last answer, and synced means a majority stood there", () => {
    const answer = fc.oneof(
      fc.constant(failed),
      fc.constant(unknown),
      fc.bigInt(1n, 3n).map((lsn) => at(lsn)),
    );
    fc.assert(
      fc.property(fc.array(answer, { minLength: 1, maxLength: 7 }), (answers) => {
        const outcome = nextQuorum(answers.length, answers);
        assert.notEqual(outcome.kind, "wait");
        if (outcome.kind !== "synced") return;
        const there = answers.filter((one) => one.kind === "status" && one.commitLsn === outcome.lsn);
        assert.ok(there.length > answers.length / 2);
      }),
    );
  });
});
