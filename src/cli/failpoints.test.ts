import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UsageError } from "./arguments.ts";
import { noFailpoints, parseFailpoints } from "./failpoints.ts";

describe("parseFailpoints (HTTP-75, MIG-7)", () => {
  it("reads which migration is to fail; the last word counts", () => {
    const read = (text: string): number | null => parseFailpoints(text).failpoints.migration;
    assert.equal(read("compute-migration=return(4)"), 4);
    assert.equal(read(" compute-migration = return(4) ; compute-migration=return(7);"), 7);
    assert.equal(read("compute-migration=return(4);compute-migration=off"), null);
    assert.deepEqual(parseFailpoints(""), { failpoints: noFailpoints, unknown: [] });
  });

  it("tells the names that nothing answers to", () => {
    assert.deepEqual(parseFailpoints("compute-prewarm=return(0);compute-migration=return(1)"), {
      failpoints: { migration: 1 },
      unknown: ["compute-prewarm"],
    });
  });

  for (const bad of [
    "compute-migration",
    "=return(1)",
    "compute-migration=return(x)",
    "compute-migration=panic",
    "a=",
  ]) {
    it(`refuses '${bad}'`, () => {
      assert.throws(() => parseFailpoints(bad), {
        name: UsageError.name,
        message: /FAILPOINTS: '.*' is not of the form/,
      });
    });
  }
});
