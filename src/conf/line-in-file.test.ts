import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { lineInFile, lineOnTop } from "./line-in-file.ts";

interface Vector {
  readonly before: string | null;
  readonly line: string;
  readonly changed: boolean;
  readonly after: string;
}

const vectors: { readonly line_in_file: readonly Vector[] } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/quoting/vectors.json", import.meta.url), "utf8"),
);

for (const { before, line, changed, after } of vectors.line_in_file) {
  test(`CONF-40: ${JSON.stringify(line)} in ${JSON.stringify(before)}`, () => {
    assert.deepEqual(lineInFile(before, line), { text: after, changed });
  });
}

test("CONF-T11: a line goes on top, and only once", () => {
  const once = lineOnTop("local all all trust\n", "include_if_exists /x");
  assert.equal(once, "include_if_exists /x\nlocal all all trust\n");
  assert.equal(lineOnTop(once, "include_if_exists /x"), once);
  assert.equal(lineOnTop(null, "a"), "a\n");
});
