import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { renderOptionDocument } from "./option-document.ts";

describe("the table of options", () => {
  it("CLI-1: is in docs/operating.md as it is in the program (npm run option-tables)", () => {
    const text = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8");
    assert.equal(renderOptionDocument(text), text);
    assert.match(text, /\| `--pgdata DIR`, `-D` \| PGDATA; removed/);
    const stale = text.replace("`--pgdata DIR`", "`--pgdata`");
    assert.notEqual(renderOptionDocument(stale), stale);
  });

  it("refuses a document without a place for it", () => {
    assert.throws(() => renderOptionDocument("# nothing"), /lacks <!-- options -->/);
  });
});
