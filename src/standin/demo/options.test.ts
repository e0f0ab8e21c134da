import assert from "node:assert/strict";
import { it } from "node:test";
import { parseDemoOptions } from "./options.ts";

it("takes the defaults and every option", () => {
  assert.deepEqual(parseDemoOptions([]), { postgres: 17, keep: false, verbose: false, help: false });
  const all = parseDemoOptions(["--postgres", "15", "--keep", "--verbose", "--help"]);
  assert.deepEqual(all, { postgres: 15, keep: true, verbose: true, help: true });
});

it("refuses what it does not know", () => {
  assert.throws(() => parseDemoOptions(["--postgres", "13"]), /--postgres takes 14 or 15 or 16 or 17 or 18, not "13"/);
  assert.throws(() => parseDemoOptions(["--fast"]), /--fast/);
  assert.throws(() => parseDemoOptions(["extra"]), /extra/);
});
