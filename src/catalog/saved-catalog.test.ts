import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeSavedCatalog, encodeSavedCatalog, type SavedCatalog } from "./saved-catalog.ts";

const saved: SavedCatalog = {
  snapshot: {
    system: [{ version: "170010" }],
    roles: [{ name: "alice", verifier: null }],
    databases: [],
    extensions: [],
    references: [],
    subscriptionsRecord: [],
    lakebase: null,
  },
  inside: new Map([["5", [{ owner: "bob" }]]]),
};

test("a saved catalog comes back as it was", () => {
  assert.deepEqual(decodeSavedCatalog(encodeSavedCatalog(saved)), saved);
});

test("what is not one is refused with a reason", () => {
  assert.throws(() => decodeSavedCatalog("{}"), /missing field `snapshot`/);
  const broken = encodeSavedCatalog(saved).replace('"170010"', "17");
  assert.throws(() => decodeSavedCatalog(broken), /snapshot\.system\[0\]\.version/);
});
