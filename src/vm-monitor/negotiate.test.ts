import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { negotiate } from "./negotiate.ts";

describe("version negotiation (VM-8)", () => {
  it("VM-8: agrees on version 1 with every range that contains it", () => {
    for (const text of [
      '{"min":1,"max":1}\n',
      '{"max":7,"min":1}',
      '{"min":0,"max":1}',
      '{"min":0,"max":255,"x":[]}',
    ]) {
      assert.deepEqual(negotiate(text), { kind: "agreed", version: 1 }, text);
    }
  });

  it("VM-8: refuses a range without it, naming both; no range is too absurd to be printed (trap 9)", () => {
    assert.deepEqual(negotiate('{"min":0,"max":0}'), {
      kind: "refused",
      why: "no common version: the agent speaks 0 to 0, this monitor 1 to 1",
    });
    assert.deepEqual(negotiate('{"min":2,"max":3}'), {
      kind: "refused",
      why: "no common version: the agent speaks 2 to 3, this monitor 1 to 1",
    });
    assert.equal(negotiate('{"min":255,"max":255}').kind, "refused");
  });

  it("VM-8: has no answer to what is no range", () => {
    const texts = [
      '{"min":3,"max":1}',
      '{"min":1}',
      '{"min":1,"max":256}',
      '{"min":-1,"max":1}',
      '{"min":1.0,"max":1}',
      '{"min":"1","max":1}',
      "hello",
      "",
      "[1,1]",
      `{"min":1,"max":${"9".repeat(400)}}`,
      "[".repeat(5_000),
    ];
    for (const text of texts) assert.equal(negotiate(text).kind, "unusable", text.slice(0, 40));
  });
});
