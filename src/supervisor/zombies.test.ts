import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { orphansAmong, parseStat, zombiesOfFirst } from "./zombies.ts";

describe("LIFE-64: orphans", () => {
  it("are told by /proc, whatever their name holds", () => {
    assert.deepEqual(parseStat("42 (a ) Z 1 b) Z 1 42 42 0 -1"), { pid: 42, parent: 1, state: "Z" });
    assert.deepEqual(parseStat("7 (line\nbreak) S 3 7 7"), { pid: 7, parent: 3, state: "S" });
    assert.equal(parseStat(""), undefined);
  });

  it("are children of process 1 that have ended", () => {
    const lines = ["2 (a) Z 1 2 2 0", "3 (b) S 1 3 3 0", "4 (c) Z 2 4 4 0", "", "5 (d) Z 1 5 5 0"];
    assert.deepEqual(zombiesOfFirst(lines), [2, 5]);
  });

  it("are reaped when they are seen twice, for Node's own children go by themselves", () => {
    assert.deepEqual(orphansAmong([2, 5], []), []);
    assert.deepEqual(orphansAmong([2, 6], [2, 5]), [2]);
  });
});
