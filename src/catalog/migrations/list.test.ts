import assert from "node:assert/strict";
import { test } from "node:test";
import { migrations } from "./list.ts";
import { decodePosition } from "./position.ts";

const sqlOn = (serverMajor: number, privilegedRole = "neon_superuser") =>
  migrations.map(({ render }) => render({ serverMajor, privilegedRole }));

test("each migration stands at the place of its number (MIG-3)", () => {
  assert.deepEqual(
    migrations.map(({ id }) => id),
    Array.from({ length: 12 }, (_, index) => index + 1),
  );
});

test("those without effect on a server are skipped (MIG-4)", () => {
  const skippedOn = (major: number) => sqlOn(major).flatMap((sql, index) => (sql === null ? [index + 1] : []));
  assert.deepEqual(skippedOn(15), [3, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(skippedOn(16), [5, 6, 7, 8, 9]);
});

test("all speak of the privileged role of the flag (MIG-8, T15)", () => {
  for (const sql of sqlOn(17, "databricks_superuser")) {
    if (sql !== null) assert.match(sql, /databricks_superuser/);
    assert.doesNotMatch(sql ?? "", /neon_superuser/);
  }
});

test("the position is exactly one row with a number (MIG-2)", () => {
  const row = { id: "7", version: "170010" };
  assert.deepEqual(decodePosition([row]), { applied: 7, serverMajor: 17 });
  for (const rows of [[], [row, row], [{ id: null, version: "170010" }]]) assert.throws(() => decodePosition(rows));
});
