import assert from "node:assert/strict";
import { it } from "node:test";
import { knownFigures } from "./start-figures.ts";

it("takes a figure for known when it or a later one is not 0", () => {
  assert.deepEqual(knownFigures({}, false), []);
  const none = { sync_sk_check_ms: 0, basebackup_ms: 0, start_postgres_ms: 0, config_ms: 0 };
  assert.deepEqual(knownFigures(none, false), []);
  assert.deepEqual(knownFigures({ ...none, basebackup_ms: 7 }, false), ["sync_sk_check_ms", "basebackup_ms"]);
});

it("takes all for known once the compute runs", () => {
  assert.deepEqual(knownFigures({}, true), ["sync_sk_check_ms", "basebackup_ms", "start_postgres_ms", "config_ms"]);
});
