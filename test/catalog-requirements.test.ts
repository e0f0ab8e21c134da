import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { findTestFiles, testGroups } from "./support/test-files.ts";

const root = dirname(import.meta.dirname);
const chapter = readFileSync(join(root, "docs/behaviour/05-catalog-apply.md"), "utf8");

/** Where the chapter's short ids (`T1`, `V1`) mean the chapter's, and not another one's. */
const ownRooms = ["src/catalog/", "src/compute/", "src/postgres/do/", "test/pg/", "test/e2e/"];

/** What tests of the chapter's subject are called. */
const titles = testGroups
  .flatMap((group) => findTestFiles(root, group))
  .filter((file) => ownRooms.some((room) => file.startsWith(join(root, room))))
  .flatMap((file) => [...readFileSync(file, "utf8").matchAll(/\b(?:it|test|describe)\(\s*(["`])((?:(?!\1).)+)\1/g)])
  .map(([, , title = ""]) => title);

/** Whether one of the titles names it. */
function named(id: string): boolean {
  return titles.some((title) => new RegExp(`\\b${id}\\b`).test(title));
}

/** Requirements that say what there is to say elsewhere. */
const elsewhere: Readonly<Record<string, string>> = {
  "APPLY-43": "a spec without a timeline id is refused before it can be applied, see src/spec/derive.test.ts",
  "APPLY-52": "local_proxy is configured in a later release",
  "APPLY-53": "says what local_proxy asks for; the routes that it asks have CAT-4 and CAT-5",
};

describe("chapter 05", () => {
  for (const [what, pattern] of [
    ["trap", /^- \*\*(T\d+)/gm],
    ["test vector", /^\*\*(V\d+) /gm],
    ["requirement", /^- \*\*((?:APPLY|MIG|CAT)-\d+)\*\*/gm],
  ] as const) {
    const ids = [...chapter.matchAll(pattern)].map(([, id = ""]) => id).filter((id) => !(id in elsewhere));
    it(`names each ${what} in a test`, () => {
      assert.ok(ids.length > 5, `${ids.length} ${what}s`);
      assert.deepEqual(
        ids.filter((id) => !named(id)),
        [],
      );
    });
  }
});
