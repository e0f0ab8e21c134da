import assert from "node:assert/strict";
import { test } from "node:test";
import type { DerivedSpec } from "../spec/types.ts";
import { type SampleSpec, sampleSpec, sampleTimeline, sampleWanted } from "./test-samples.ts";
import { wantCatalog } from "./wanted.ts";

const facts = { privilegedRoleName: "neon_superuser", appliedOperationUuid: null };

function problemsOf(spec: DerivedSpec): readonly string[] {
  const result = wantCatalog(spec, facts);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

test("V1: hashes get their prefix, roles of an identity provider no privileges (APPLY-25, APPLY-51)", () => {
  const jwks = { id: "1", role_names: ["jwt_anon"], jwks_url: "http://jwks", provider_name: "p", jwt_audience: null };
  const wanted = sampleWanted({
    roles: [{ name: "alice", encrypted_password: "00112233445566778899aabbccddeeff" }, { name: "jwt_anon" }],
    databases: [
      {
        name: 'we"ird $x$',
        owner: "alice",
        options: [
          { name: "LC_COLLATE", value: "C", vartype: "string" },
          { name: "TEMPLATE", value: "template0", vartype: "enum" },
          { name: "CONNECTION LIMIT", value: "5", vartype: "integer" },
        ],
      },
    ],
    members: { local_proxy_config: { jwks: [jwks] } },
  });
  const plain = { managesPassword: true, options: [] };
  assert.deepEqual(wanted.roles, [
    { ...plain, name: "alice", verifier: "md500112233445566778899aabbccddeeff", privileged: true },
    { ...plain, name: "jwt_anon", verifier: null, privileged: false },
  ]);
  const options = ["LC_COLLATE 'C'", "TEMPLATE template0"];
  assert.deepEqual(wanted.databases, [{ name: 'we"ird $x$', owner: "alice", options, connectionLimit: 5 }]);
  assert.equal(wanted.dropSubscriptionsOn, null);
});

test("every problem is told at once, each with its path (T5, T7, T8, T11, chapter 02 traps 9 and 10)", () => {
  const spec = sampleSpec({
    roles: [
      { name: "a", encrypted_password: "hello" },
      { name: "a" },
      { name: "b", options: [{ name: "FLYING", value: null, vartype: "bool" }] },
      { name: "" },
      { name: "é".repeat(32) },
    ],
    databases: [
      { name: "d", owner: "gone" },
      { name: "e", owner: "a", options: [{ name: "TEMPLATE", value: "x; DROP ROLE y", vartype: "enum" }] },
      { name: "e", owner: "a" },
    ],
    deltas: [{ action: "delete_role", name: "gone" }],
  });
  assert.deepEqual(problemsOf(spec), [
    'spec.cluster.roles[1].name: role "a" is listed twice',
    "spec.cluster.roles[3].name: a role has an empty name",
    `spec.cluster.roles[4].name: role "${"é".repeat(32)}" is 64 bytes long`,
    'spec.cluster.databases[2].name: database "e" is listed twice',
    'spec.cluster.roles[0].encrypted_password: the password of role "a" is not a verifier',
    'spec.cluster.roles[2].options[0]: role "b": option "FLYING" is unknown or malformed',
    'spec.cluster.databases[0].owner: database "d" is owned by role "gone", which a delta operation deletes',
    'spec.cluster.databases[1].options[0]: database "e": option "TEMPLATE" is malformed',
  ]);
});

test("a rename without a usable new name is a problem (T2)", () => {
  const derived = sampleSpec({});
  const deltaOperations = [
    { action: "rename_role", name: "x", newName: null },
    { action: "rename_db", name: "y", newName: "" },
  ];
  assert.deepEqual(problemsOf({ ...derived, spec: { ...derived.spec, deltaOperations } }), [
    'spec.delta_operations[0].new_name: rename_role of "x" has no new_name',
    "spec.delta_operations[1].new_name: a database has an empty name",
  ]);
});

test("database options are words, numbers and quoted texts, all closed", () => {
  const optionProblems = (value: string) => {
    const options = [{ name: "TEMPLATE", value, vartype: "enum" }];
    return problemsOf(sampleSpec({ databases: [{ name: "d", owner: "o", options }] })).length;
  };
  for (const good of ["template0", "= 5", `"a""b"`, "'o''k'", "E'a\\\\b'"]) assert.equal(optionProblems(good), 0, good);
  const bad = ["x; y", `"a`, "'a", "E'\\' OWNER x'", "a -- b", "a /* b", `${'"'.repeat(5000)};`];
  for (const text of bad) assert.equal(optionProblems(text), 1, text);
});

test("no problem tells a password (T6)", () => {
  const secret = "hunter2'; DROP ROLE cloud_admin";
  const result = wantCatalog(sampleSpec({ roles: [{ name: "a", encrypted_password: secret }] }), facts);
  assert.equal(result.ok, false);
  assert.equal(JSON.stringify(result).includes("hunter2"), false);
});

test("names at the limit, and hostile names, are no problems (SPEC-30)", () => {
  const names = ["x".repeat(63), "%20", "$x$", "'; --", "a\\b", "#&=", "tab\there", "🦦"];
  const spec: SampleSpec = { roles: names.map((name) => ({ name, encrypted_password: null })) };
  assert.deepEqual(
    sampleWanted(spec).roles.map(({ name, verifier }) => [name, verifier]),
    names.map((name) => [name, null]),
  );
});

test("an empty password is no verifier: what it means is decided where configs are read (FIELD-8)", () => {
  const result = wantCatalog(sampleSpec({ roles: [{ name: "a", encrypted_password: "" }] }), facts);
  assert.ok(!result.ok);
  assert.match(result.problems[0]?.message ?? "", /not a verifier/);
});

test("unknown delta operations are ignored, and a role that is deleted is not wanted", () => {
  const wanted = sampleWanted({
    roles: [{ name: "gone" }, { name: "here" }],
    deltas: [
      { action: "paint_db", name: "x" },
      { action: "delete_role", name: "gone" },
    ],
  });
  assert.deepEqual(wanted.deltas, [{ kind: "delete-role", name: "gone" }]);
  assert.deepEqual(
    wanted.roles.map(({ name }) => name),
    ["here"],
  );
});

test("deletions of an operation that was applied are not repeated, renames are harmless (T4)", () => {
  const spec = sampleSpec({
    deltas: [
      { action: "delete_db", name: "d" },
      { action: "delete_role", name: "r" },
      { action: "rename_db", name: "x", new_name: "y" },
    ],
    members: { operation_uuid: "op-1" },
  });
  const kinds = (appliedOperationUuid: string | null) => {
    const result = wantCatalog(spec, { ...facts, appliedOperationUuid });
    return result.ok && result.wanted.deltas.map(({ kind }) => kind);
  };
  assert.deepEqual(kinds("op-1"), ["rename-database"]);
  assert.deepEqual(kinds("op-2"), ["delete-database", "delete-role", "rename-database"]);
  assert.deepEqual(kinds(null), ["delete-database", "delete-role", "rename-database"]);
});

test("settings and flags of the spec are taken over", () => {
  const value = "neon,pg_stat_statements";
  const wanted = sampleWanted({
    settings: [{ name: "shared_preload_libraries", value, vartype: "string" }],
    members: { drop_subscriptions_before_start: true, audit_log_level: "Full" },
  });
  assert.equal(wanted.statStatements, true);
  assert.equal(wanted.auditLogLevel, "full");
  assert.equal(wanted.dropSubscriptionsOn, sampleTimeline);
});
