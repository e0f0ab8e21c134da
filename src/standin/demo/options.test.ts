import assert from "node:assert/strict";
import { it } from "node:test";
import { parseDemoOptions } from "./options.ts";

it("takes the defaults and every option", () => {
  assert.deepEqual(parseDemoOptions([]), { postgres: 17, keep: false, verbose: false, help: false });
  const all = parseDemoOptions(["--postgres", "15", "--keep", "--verbose", "--help"]);
  assert.deepEqual(all, { postgres: 15, keep: true, verbose: true, help: true });
});

it("refuses what it does not know", () => {
  assert.throws(() => parseDemoOptions(["--postgres", "16"]), /--postgres takes 15 or 17, not "16"/);
  assert.throws(() => parseDemoOptions(["--fast"]), /--fast/);
  assert.throws(() => parseDemoOptions(["extra"]), /extra/);
});
