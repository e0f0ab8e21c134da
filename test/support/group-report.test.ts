import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { countResults, describeFile, formatCounts } from "./group-report.ts";
import type { FileResult } from "./run-test-file.ts";
import { testGroupOf } from "./test-files.ts";

const good: FileResult = { label: "src/a.test.ts", passed: 3, failures: [], skips: [], output: "chatter\n" };
const bad: FileResult = {
  label: "src/b.test.ts",
  passed: 1,
  failures: [{ test: "adds", text: "1 is not 2\n  at b" }],
  skips: [{ test: "divides", text: "no zero here" }],
  output: "line 1\nline 2\n",
};

describe("the report of a test run", () => {
  it("ends with the line that other programs read", () => {
    assert.equal(formatCounts(countResults([good, bad])), "4 passed, 1 failed, 1 skipped");
    assert.equal(formatCounts(countResults([])), "0 passed, 0 failed, 0 skipped");
  });

  it("says nothing of a file that passed, whatever it wrote", () => {
    assert.equal(describeFile(good), "");
  });

  it("shows failures, what the file wrote, and why tests were skipped", () => {
    assert.equal(
      describeFile(bad),
      [
        "skipped src/b.test.ts > divides: no zero here",
        "FAILED src/b.test.ts > adds",
        "    1 is not 2",
        "      at b",
        "output of src/b.test.ts:",
        "    line 1",
        "    line 2",
        "",
      ].join("\n"),
    );
  });

  it("says so when a skip has no reason", () => {
    const silent: FileResult = { ...good, skips: [{ test: "divides", text: "true" }] };
    assert.equal(describeFile(silent), "skipped src/a.test.ts > divides: no reason given\n");
  });
});

describe("a test file", () => {
  it("belongs to the group that its place and name say", () => {
    assert.equal(testGroupOf("src/base/lsn.test.ts"), "unit");
    assert.equal(testGroupOf("test/tidy.test.ts"), "unit");
    assert.equal(testGroupOf("src/catalog/do/apply.pg.test.ts"), "pg");
    assert.equal(testGroupOf("test/e2e/start.test.ts"), "e2e");
    assert.equal(testGroupOf("test/e2e/start.pg.test.ts"), "e2e");
  });
});
