import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runnableBlocks } from "./runnable-blocks.ts";

describe("runnableBlocks", () => {
  it("finds the blocks that are marked, and none that shows the mark inside another block", () => {
    const text = "a\n```sh runnable\nls\npwd\n```\n```sh\nrm\n```\n```text\nsh runnable\n```\n";
    assert.deepEqual(runnableBlocks(text), [{ line: 2, script: "ls\npwd\n" }]);
  });

  it("refuses a block without an end", () => {
    assert.throws(() => runnableBlocks("```sh runnable\nls\n"), /line 1 is never closed/);
  });
});
