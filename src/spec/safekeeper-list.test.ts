import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { firstDuplicate, parseSafekeeperList } from "./safekeeper-list.ts";

describe("parseSafekeeperList (SPEC-45, trap 5)", () => {
  it("reads entries without outer blanks, and the generation before them", () => {
    assert.deepEqual(parseSafekeeperList("a:1, b:2 "), { generation: null, hostPorts: ["a:1", "b:2"] });
    assert.deepEqual(parseSafekeeperList("g#7:a:1,b:2"), { generation: 7, hostPorts: ["a:1", "b:2"] });
  });

  it("takes what only resembles a generation for a host", () => {
    assert.deepEqual(parseSafekeeperList("g#:1,g:2"), { generation: null, hostPorts: ["g#:1", "g:2"] });
    assert.deepEqual(parseSafekeeperList(""), { generation: null, hostPorts: [""] });
  });
});

describe("firstDuplicate", () => {
  it("is the smallest repeated entry, host names of any case", () => {
    assert.equal(firstDuplicate(["b:2", "c:3", "b:2", "a:1", "a:1"]), "a:1");
    assert.equal(firstDuplicate(["B:2", "b:2"]), "b:2");
    assert.equal(firstDuplicate(["a:1", "a:2", "b:1"]), undefined);
  });
});
