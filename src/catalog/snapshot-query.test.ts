import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeDatabaseSnapshot, decodeSnapshot, referencesQuery, type SnapshotRows } from "./snapshot-query.ts";

const system = {
  version: "170010",
  started: "today",
  is_superuser: "on",
  database: "postgres",
  has_neon_schema: "t",
  has_health_check: "f",
  audit_muted: "f",
};
const database = {
  oid: "5",
  name: "d",
  owner: "alice",
  allows_connections: "t",
  connection_limit: "-1",
  is_template: "f",
  has_subscriptions: "f",
};
const rows: SnapshotRows = {
  system: [system],
  roles: [
    { name: "alice", verifier: "md5x" },
    { name: "bob", verifier: null },
  ],
  databases: [database, { ...database, name: "inv", connection_limit: "-2" }],
  extensions: [{ name: "neon", available_version: "1.6", version: null, relocatable: null, schema: null }],
  references: [
    { role: "alice", database: "0" },
    { role: "alice", database: "5" },
  ],
  subscriptionsRecord: [],
  lakebase: null,
};

test("rows become a snapshot (APPLY-19)", () => {
  const snapshot = decodeSnapshot(rows);
  assert.equal(snapshot.serverMajor, 17);
  assert.equal(snapshot.hasNeonSchema, true);
  assert.equal(snapshot.hasHealthCheck, false);
  assert.equal(snapshot.subscriptionsDroppedOn, null);
  assert.deepEqual(snapshot.roles.get("alice"), { verifier: "md5x", referencedIn: new Set(["0", "5"]) });
  assert.deepEqual(snapshot.roles.get("bob"), { verifier: null, referencedIn: new Set() });
  assert.deepEqual(
    [...snapshot.databases].map(([name, { invalid }]) => [name, invalid]),
    [
      ["d", false],
      ["inv", true],
    ],
  );
  assert.deepEqual(snapshot.extensions.get("neon"), { availableVersion: "1.6", installed: null });
});

test("a row without a value that it must have is an error (T12)", () => {
  const { owner: _, ...ownerless } = database;
  assert.throws(() => decodeSnapshot({ ...rows, databases: [ownerless] }), /row without owner/);
  assert.throws(() => decodeSnapshot({ ...rows, roles: [{ name: null, verifier: null }] }), /row without name/);
  assert.throws(() => decodeSnapshot({ ...rows, system: [] }), /told nothing/);
});

test("no row means no schema public", () => {
  assert.equal(decodeDatabaseSnapshot([]).publicOwner, null);
});

test("role names go into the query as literals", () => {
  assert.match(referencesQuery(["o'k", "a\\b"]), /ARRAY\['o''k', E'a\\\\b'\]/);
});
