import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { newLines } from "./new-lines.ts";

describe("newLines", () => {
  it("gives what came after what was seen", () => {
    assert.deepEqual(newLines([], ["a"]), ["a"]);
    assert.deepEqual(newLines(["a", "b"], ["a", "b"]), []);
    assert.deepEqual(newLines(["a", "b"], ["b", "c", "d"]), ["c", "d"]);
    assert.deepEqual(newLines(["a"], ["x", "a", "b"]), ["b"]);
  });

  it("gives everything when nothing of what was seen is left", () => {
    assert.deepEqual(newLines(["a", "b"], ["x", "y"]), ["x", "y"]);
    assert.deepEqual(newLines(["a", "b"], ["x", "b", "y"]), ["x", "b", "y"]);
    assert.deepEqual(newLines(["a"], []), []);
  });

  it("loses and repeats nothing when the lines differ, however few of them a server keeps", () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), fc.integer({ min: 1, max: 40 }), (seen, more, kept) => {
        const all = Array.from({ length: seen + more }, (_, index) => `line ${index}`);
        const before = all.slice(0, seen).slice(-kept);
        const now = all.slice(-kept);
        assert.deepEqual(newLines(before, now), all.slice(seen).slice(-kept));
      }),
    );
  });
});
