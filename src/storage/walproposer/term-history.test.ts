import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TermHistory } from "./messages.ts";
import { historyUpTo, isOrdered, lastTerm, startPoint } from "./term-history.ts";

function history(...entries: readonly (readonly [bigint, bigint])[]): TermHistory {
  return entries.map(([term, lsn]) => ({ term, lsn }));
}

const leading = history([1n, 100n], [3n, 300n], [9n, 900n]);

describe("the start point (SK-45)", () => {
  for (const [what, theirs, flushLsn, expected] of [
    ["nothing in common: the first LSN", history(), 0n, 100n],
    ["another first term: the first LSN", history([2n, 100n]), 500n, 100n],
    ["the same, but shorter: its end", history([1n, 100n], [3n, 300n]), 400n, 400n],
    ["longer within a common term: where ours ended it", history([1n, 100n], [3n, 300n]), 950n, 900n],
    ["another term after a common one: where the first of both ended it", history([1n, 100n], [2n, 200n]), 950n, 200n],
    ["its other term begins later than ours", history([1n, 100n], [2n, 350n]), 950n, 300n],
    ["our own term already: its end", history([1n, 100n], [3n, 300n], [9n, 900n]), 901n, 901n],
    ["an older term of another LSN: nothing that came about rightly", history([1n, 101n]), 500n, undefined],
  ] as const) {
    it(what, () => assert.equal(startPoint(leading, 9n, { history: theirs, flushLsn }), expected));
  }
});

describe("a term history", () => {
  it("ends where the WAL ends", () => {
    assert.deepEqual(historyUpTo(leading, 300n), leading.slice(0, 2));
    assert.equal(lastTerm(historyUpTo(leading, 299n)), 1n);
    assert.equal(lastTerm([]), 0n);
  });

  it("rises", () => {
    assert.equal(isOrdered(leading), true);
    assert.equal(isOrdered(history([1n, 5n], [2n, 5n])), true);
    assert.equal(isOrdered(history([2n, 5n], [2n, 6n])), false);
    assert.equal(isOrdered(history([1n, 6n], [2n, 5n])), false);
  });
});
