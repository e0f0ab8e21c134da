import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { readPackagedFile } from "../../src/base/packaged-file.ts";

describe("the version", () => {
  it("is that of the changelog's newest release, with a date", () => {
    const changelog = readFileSync(new URL("../../CHANGELOG.md", import.meta.url), "utf8");
    const [, newest, date = ""] = /^## \[(\d+\.\d+\.\d+)\] - (\S+)$/m.exec(changelog) ?? [];
    assert.equal(newest, JSON.parse(readPackagedFile("package.json")).version);
    assert.equal(new Date(date).toISOString().slice(0, 10), date);
  });
});
