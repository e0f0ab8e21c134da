import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { median, percentile, ratio, summarize } from "./statistics.ts";

describe("the median", () => {
  it("is the middle value by size, whatever the order, and a number is not text", () => {
    assert.equal(median([30, 4, 100]), 30);
    assert.equal(median([7]), 7);
  });

  it("lies halfway between the two middle values of an even number", () => {
    assert.equal(median([4, 1, 3, 100]), 3.5);
  });

  it("does not exist without values", () => {
    assert.equal(median([]), Number.NaN);
  });

  it("has as many values below it as above it, and leaves its input alone", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const before = [...values];
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        assert.ok(below <= values.length / 2 && above <= values.length / 2);
        assert.deepEqual(values, before);
      }),
    );
  });
});

describe("a percentile", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it("is a value that so many of a hundred do not exceed", () => {
    assert.deepEqual(
      [0, 1, 50, 99, 100].map((percent) => percentile(hundred, percent)),
      [1, 1, 50, 99, 100],
    );
    assert.equal(percentile([7], 99), 7);
  });

  it("does not exist without values", () => {
    assert.equal(percentile([], 99), Number.NaN);
  });
});

describe("a summary", () => {
  it("has count, smallest, middle and largest", () => {
    assert.deepEqual(summarize([5, 1, 9]), { count: 3, min: 1, median: 5, max: 9 });
  });

  it("of nothing says so", () => {
    assert.deepEqual(summarize([]), { count: 0, min: Number.NaN, median: Number.NaN, max: Number.NaN });
  });
});

describe("a ratio", () => {
  it("compares medians, not extremes", () => {
    assert.equal(ratio(summarize([10, 30, 500]), summarize([1, 20, 21])), 1.5);
  });

  it("is left out where there is nothing to compare", () => {
    assert.equal(ratio(summarize([1]), summarize([])), undefined);
    assert.equal(ratio(summarize([]), summarize([1])), undefined);
    assert.equal(ratio(summarize([1]), summarize([0])), undefined);
  });
});
