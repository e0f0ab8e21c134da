import assert from "node:assert/strict";
import { it } from "node:test";
import { migrations } from "./list.ts";
import { migrationProgress, noMigrationYet } from "./state.ts";

it("tells where a run of the migrations is, and nothing before it has begun (MIG-3, MIG-4)", () => {
  assert.deepEqual(noMigrationYet, { stage: "waiting", applied: null, total: 12, failed: null });
  assert.equal(noMigrationYet.total, migrations.length);
  const stageOf = (applied: number | null): string => migrationProgress({ applied, total: 12 }).stage;
  assert.deepEqual([null, 0, 11, 12, 40].map(stageOf), ["running", "running", "running", "done", "done"]);
  const failed = { id: 4, error: "no" };
  assert.deepEqual(migrationProgress({ applied: 3, total: 12, failed }), {
    stage: "failed",
    applied: 3,
    total: 12,
    failed,
  });
});
