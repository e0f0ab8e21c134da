import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { progressLines, streamingLine } from "./progress.ts";
import { a, Bench, b, electedE3 } from "./test-bench.ts";

describe("progress", () => {
  it("tells of connections, campaign, election, commit and losses, each once", () => {
    const before = new Bench();
    const after = electedE3();
    const lines = progressLines(before.state, after.state);
    assert.deepEqual(lines, [
      "connected to 2 of 3 safekeepers",
      "elected in term 4 by 2 safekeepers; the log of a:1 counts, up to 0/2000000",
    ]);
    assert.equal(streamingLine(after.state), "streaming WAL up to 0/2000000: b:1 lacks 7340032 bytes");
    assert.deepEqual(progressLines(after.state, after.state), []);
    const lost = after.state;
    after.tell({ kind: "link-down", link: b, reason: "reset" });
    assert.deepEqual(progressLines(lost, after.state), ["lost safekeeper b:1: reset"]);
    assert.equal(streamingLine(after.state), undefined);
    const greeted = new Bench();
    greeted.greet(a, 3n);
    const alone = greeted.state;
    greeted.greet(b, 3n);
    assert.deepEqual(progressLines(alone, greeted.state), [
      "connected to 2 of 3 safekeepers",
      "campaigning for term 4",
    ]);
  });
});
