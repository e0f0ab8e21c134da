import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { postmasterState } from "./pidfile.ts";

const head = "4711\n/data/pg\n1931234567\n5432\n/tmp\nlocalhost\n  6003 4711\n";

describe("the pid file of a postmaster (CONF-71)", () => {
  for (const state of ["starting", "ready", "standby", "stopping"] as const) {
    it(`says ${state} in its last line, padded or not`, () => {
      assert.equal(postmasterState(`${head}${state.padEnd(8)}\n`), state);
      assert.equal(postmasterState(`${head}${state}`), state);
    });
  }

  it("tells nothing while it is not complete", () => {
    assert.equal(postmasterState(""), "unknown");
    assert.equal(postmasterState(head), "unknown");
    assert.equal(postmasterState(`${head}ready\nmore\n`), "unknown");
  });
});
