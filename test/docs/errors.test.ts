import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { findMessages, messagesOf } from "./messages.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const document = readFileSync(join(root, "docs/errors.md"), "utf8");

describe("docs/errors.md", () => {
  it("has every warning and error of the log, and every error with words of its own", () => {
    const missing = findMessages(root).filter(({ text }) => !document.includes(text));
    assert.deepEqual(missing, []);
  });

  it("is held against all of the sources", () => {
    assert.ok(findMessages(root).length > 80);
    const source = "log.warn(`could not $" + "{what}: $" + '{why}`); log.error("no \\"room\\" left"); super(`short`);';
    assert.deepEqual(messagesOf(source, "a.ts"), [
      { file: "a.ts", text: "could not" },
      { file: "a.ts", text: 'no "room" left' },
    ]);
  });
});
