import assert from "node:assert/strict";
import { test } from "node:test";
import { describeStep } from "./describe.ts";
import { planDatabase } from "./plan-database.ts";
import type { DatabaseSnapshot } from "./snapshot.ts";
import type { DatabaseTask } from "./task.ts";

const task: DatabaseTask = {
  database: "shop",
  oid: "100",
  leaving: [],
  publicSchema: { owner: "bob", privilegedRole: "neon_superuser", webAccess: true },
  dropSubscriptions: false,
};
const settled: DatabaseSnapshot = {
  oid: "100",
  defaultGrants: "",
  publicOwner: "pg_database_owner",
  webAccessCreates: true,
  defaultTableGrants: true,
  defaultSequenceGrants: true,
};
const fresh: DatabaseSnapshot = {
  oid: "100",
  defaultGrants: "",
  publicOwner: "cloud_admin",
  webAccessCreates: false,
  defaultTableGrants: false,
  defaultSequenceGrants: false,
};
const steps = (wish: DatabaseTask, found: DatabaseSnapshot | null) => planDatabase(wish, found).map(describeStep);

test("a fresh database gets the owner and grants of schema public (APPLY-35, APPLY-36)", () => {
  assert.deepEqual(steps(task, fresh), [
    'give schema public to "bob"',
    'let role "web_access" create in schema public',
    'grant future tables in schema public to "neon_superuser"',
    'grant future sequences in schema public to "neon_superuser"',
  ]);
});

test("what is satisfied already is not done again", () => {
  assert.deepEqual(steps(task, settled), []);
  assert.deepEqual(steps(task, { ...settled, defaultSequenceGrants: false }), [
    'grant future sequences in schema public to "neon_superuser"',
  ]);
});

test("only a bootstrap owner of schema public is replaced (APPLY-35)", () => {
  assert.deepEqual(steps(task, { ...settled, publicOwner: "alice" }), []);
  assert.deepEqual(steps(task, { ...settled, publicOwner: "zenith_admin" }), ['give schema public to "bob"']);
});

test("V8: without schema public nothing is done to it", () => {
  assert.deepEqual(steps(task, { ...fresh, publicOwner: null }), []);
});

test("leaving roles come first, subscriptions last (APPLY-33, APPLY-40)", () => {
  const leaving = [{ role: "ro '); $$ %I", heir: "bob" }];
  assert.deepEqual(steps({ ...task, leaving, publicSchema: null, dropSubscriptions: true }, null), [
    'reassign what role "ro \'); $$ %I" owns to "bob"',
    'revoke what others granted to role "ro \'); $$ %I"',
    'drop what role "ro \'); $$ %I" was granted',
    "drop the subscriptions",
  ]);
});
