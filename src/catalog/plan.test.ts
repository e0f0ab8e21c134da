import assert from "node:assert/strict";
import { test } from "node:test";
import { describeStep } from "./describe.ts";
import { type Plan, planCatalog } from "./plan.ts";
import type { DatabaseTask } from "./task.ts";
import { type SampleCatalog, type SampleSpec, sampleSnapshot, sampleTimeline, sampleWanted } from "./test-samples.ts";

const hash = "00112233445566778899aabbccddeeff";
const scram = "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy";

function plan(spec: SampleSpec, catalog: SampleCatalog = {}): Plan {
  return planCatalog(sampleWanted(spec), sampleSnapshot(catalog));
}

/** The plan's own steps, in order, in words. */
function stepsOf({ phases }: Plan): readonly string[] {
  return phases.flatMap((phase) => (phase.where === "system" ? phase.steps.map(describeStep) : []));
}

function tasksOf({ phases }: Plan, name = "inside databases"): readonly DatabaseTask[] {
  return phases.flatMap((phase) => (phase.where === "databases" && phase.name === name ? phase.tasks : []));
}

test("V1: a fresh cluster gets roles and databases, in the order of the phases", () => {
  const spec = {
    roles: [{ name: "alice", encrypted_password: hash }, { name: 'Bob "B"' }],
    databases: [{ name: "shop", owner: "alice" }],
  };
  const fresh = { ...sampleSnapshot({ hasNeonSchema: false, hasHealthCheck: false }), roles: new Map() };
  const planned = planCatalog(sampleWanted(spec), fresh);
  assert.deepEqual(stepsOf(planned), [
    'create privileged role "neon_superuser"',
    "create role \"alice\" PASSWORD '***'",
    'create role "Bob \\"B\\"" PASSWORD NULL',
    'create database "shop" OWNER "alice"',
    'grant database "shop" to "neon_superuser", connection limit -1',
    "create schema neon",
    "create table public.health_check",
  ]);
  const names = ["privileged role", "roles", "databases", "schema neon", "inside databases", "health check"];
  assert.deepEqual(
    planned.phases.map(({ name }) => name),
    names,
  );
});

test("a catalog that is as wanted needs no steps but a look into its databases", () => {
  const planned = plan(
    { roles: [{ name: "alice", encrypted_password: hash }], databases: [{ name: "shop", owner: "alice" }] },
    { roles: { alice: `md5${hash}` }, databases: { shop: { owner: "alice" } } },
  );
  assert.deepEqual(stepsOf(planned), []);
  assert.deepEqual(
    tasksOf(planned).map(({ database }) => database),
    ["shop"],
  );
  assert.deepEqual(planned.warnings, []);
});

test("V3, V4: only a password that differs is set; null erases one (APPLY-25, APPLY-26)", () => {
  const roles = [
    { name: "same", encrypted_password: scram },
    { name: "other", encrypted_password: scram },
    { name: "none", encrypted_password: null },
    { name: "cloud_admin", encrypted_password: hash },
  ];
  const planned = plan({ roles }, { roles: { same: scram, other: null, none: `md5${hash}` } });
  assert.deepEqual(stepsOf(planned), [
    "alter role \"other\" PASSWORD '***'",
    'alter role "none" PASSWORD NULL',
    "alter role \"cloud_admin\" PASSWORD '***'",
  ]);
});

test("managed_password false: the password is given at creation only (FIELD-9)", () => {
  const options = [{ name: "managed_password", value: "false", vartype: "bool" }];
  const spec = { roles: [{ name: "own", encrypted_password: scram, options }] };
  assert.deepEqual(stepsOf(plan(spec, { roles: { own: null } })), []);
  assert.deepEqual(stepsOf(plan(spec)), ["create role \"own\" PASSWORD '***'"]);
});

test("V17: a renamed role keeps what it is, and gets its md5 password again (APPLY-24, T1)", () => {
  const spec = {
    roles: [{ name: "new", encrypted_password: hash }],
    databases: [{ name: "shop", owner: "new" }],
    deltas: [{ action: "rename_role", name: "old", new_name: "new" }],
  };
  const databases = { shop: { owner: "old" } };
  assert.deepEqual(stepsOf(plan(spec, { roles: { old: `md5${hash}` }, databases })), [
    'rename role "old" to "new"',
    "alter role \"new\" PASSWORD '***'",
  ]);
  assert.deepEqual(stepsOf(plan(spec, { roles: { new: `md5${hash}` }, databases: { shop: { owner: "new" } } })), []);
  assert.deepEqual(
    stepsOf(plan(spec, { roles: { old: null, new: `md5${hash}` }, databases: { shop: { owner: "new" } } })),
    [],
  );
});

test("V2: deltas delete and rename what is there; what is not there is no error", () => {
  const planned = plan(
    {
      roles: [{ name: "bob" }],
      databases: [{ name: "store", owner: "bob" }],
      deltas: [
        { action: "rename_db", name: "shop", new_name: "store" },
        { action: "delete_db", name: "tpl" },
        { action: "delete_db", name: "nope" },
        { action: "delete_role", name: "alice" },
        { action: "delete_role", name: "ghost" },
      ],
    },
    {
      roles: { alice: null, bob: null },
      references: { alice: ["17", "0"] },
      databases: { shop: { owner: "alice", oid: "17" }, tpl: { owner: "alice", oid: "18", isTemplate: true } },
    },
  );
  assert.deepEqual(stepsOf(planned), [
    'rename database "shop" to "store"',
    'make database "tpl" no template',
    'drop database "tpl", ending its sessions',
    'give database "store" to "bob"',
    'drop role "alice"',
  ]);
  assert.deepEqual(
    tasksOf(planned).map(({ database, leaving }) => [database, leaving]),
    [
      ["store", [{ role: "alice", heir: "bob" }]],
      ["postgres", [{ role: "alice", heir: "cloud_admin" }]],
    ],
  );
});

test("a role without references leaves no work inside databases (APPLY-21)", () => {
  const spec = { deltas: [{ action: "delete_role", name: "alice" }] };
  assert.deepEqual(tasksOf(plan(spec, { roles: { alice: null } })), []);
  assert.equal(tasksOf(plan(spec, { roles: { alice: null }, references: { alice: ["5"] } })).length, 1);
});

test("a database that will be created may bring references along from its template", () => {
  const spec = {
    roles: [{ name: "bob" }],
    databases: [{ name: "copy", owner: "bob", options: [{ name: "TEMPLATE", value: "shop", vartype: "enum" }] }],
    deltas: [{ action: "delete_role", name: "alice" }],
  };
  const planned = plan(spec, { roles: { alice: null }, references: { alice: ["17"] } });
  assert.deepEqual(
    tasksOf(planned).map(({ leaving }) => leaving),
    [[{ role: "alice", heir: "bob" }]],
  );
});

test("the successor of a deleted database is not deleted by a replay (APPLY-4)", () => {
  const deltas = [
    { action: "delete_db", name: "a" },
    { action: "rename_db", name: "b", new_name: "a" },
  ];
  const first = plan({ deltas }, { databases: { a: { owner: "cloud_admin" }, b: { owner: "cloud_admin" } } });
  assert.deepEqual(stepsOf(first), ['drop database "a", ending its sessions', 'rename database "b" to "a"']);
  const replay = plan({ deltas }, { databases: { a: { owner: "cloud_admin" } } });
  assert.deepEqual(stepsOf(replay), []);
  assert.equal(replay.warnings.length, 1);
});

test("V21: a rename to a name that is taken is left to the server to refuse", () => {
  const deltas = [{ action: "rename_db", name: "a", new_name: "b" }];
  const planned = plan({ deltas }, { databases: { a: { owner: "x" }, b: { owner: "x" } } });
  assert.deepEqual(stepsOf(planned), ['rename database "a" to "b"']);
});

test("V5: an invalid database goes, and comes back empty when the spec lists it (APPLY-31)", () => {
  const catalog = { databases: { inv: { owner: "cloud_admin", invalid: true } } };
  assert.deepEqual(stepsOf(plan({}, catalog)), ['drop database "inv"']);
  assert.deepEqual(stepsOf(plan({ databases: [{ name: "inv", owner: "cloud_admin" }] }, catalog)), [
    'drop database "inv"',
    'create database "inv" OWNER "cloud_admin"',
    'grant database "inv" to "neon_superuser", connection limit -1',
  ]);
});

test("V6: a database without connections gets its owner, and a warning for the rest", () => {
  const catalog = { roles: { bob: null }, databases: { ro: { owner: "cloud_admin", allowsConnections: false } } };
  const planned = plan({ databases: [{ name: "ro", owner: "bob" }] }, catalog);
  assert.deepEqual(stepsOf(planned), ['give database "ro" to "bob"']);
  assert.deepEqual(tasksOf(planned), []);
  assert.equal(planned.warnings.length, 1);
});

test("T19: a closed database with subscriptions is opened before it is deleted", () => {
  const catalog = { databases: { ro: { owner: "bob", allowsConnections: false, hasSubscriptions: true } } };
  const planned = plan({ deltas: [{ action: "delete_db", name: "ro" }] }, catalog);
  assert.deepEqual(stepsOf(planned), ['allow connections to database "ro"', 'drop database "ro", ending its sessions']);
  assert.deepEqual(
    tasksOf(planned, "subscriptions of databases to delete").map(({ database }) => database),
    ["ro"],
  );
});

test("a database that an interrupted apply left without its grant gets it", () => {
  const databases = [
    { name: "half", owner: "bob", options: [{ name: "CONNECTION LIMIT", value: "9", vartype: "integer" }] },
    { name: "whole", owner: "bob" },
  ];
  const catalog = { databases: { half: { owner: "bob", unfinished: true }, whole: { owner: "bob" } } };
  assert.deepEqual(stepsOf(plan({ databases }, catalog)), [
    'grant database "half" to "neon_superuser", connection limit 9',
  ]);
});

test("V7: web_access counts from Postgres 15 on (APPLY-36)", () => {
  const spec = { databases: [{ name: "d", owner: "bob" }] };
  const webAccess = (catalog: SampleCatalog) =>
    tasksOf(plan(spec, catalog)).map((task) => task.publicSchema?.webAccess);
  assert.deepEqual(webAccess({ roles: { web_access: null }, serverMajor: 15 }), [true]);
  assert.deepEqual(webAccess({ roles: { web_access: null }, serverMajor: 14 }), [false]);
  assert.deepEqual(webAccess({ serverMajor: 15 }), [false]);
});

test("V9: subscriptions of spec databases are dropped once on each timeline (APPLY-41)", () => {
  const databases = {
    sub1: { owner: "bob", hasSubscriptions: true },
    sub2: { owner: "bob", hasSubscriptions: true },
  };
  const spec = {
    databases: [{ name: "sub1", owner: "bob" }],
    members: { drop_subscriptions_before_start: true },
  };
  const first = plan(spec, { databases, subscriptionsDroppedOn: "another" });
  assert.deepEqual(
    tasksOf(first).map(({ database, dropSubscriptions }) => [database, dropSubscriptions]),
    [["sub1", true]],
  );
  assert.deepEqual(stepsOf(first), [`record that the subscriptions of timeline ${sampleTimeline} are dropped`]);
  const again = plan(spec, { databases, subscriptionsDroppedOn: sampleTimeline });
  assert.deepEqual(
    tasksOf(again).map(({ dropSubscriptions }) => dropSubscriptions),
    [false],
  );
  assert.deepEqual(stepsOf(again), []);
});

test("a spec database that is the system database is handled once (T11)", () => {
  const planned = plan(
    { databases: [{ name: "postgres", owner: "cloud_admin" }], deltas: [{ action: "delete_role", name: "x" }] },
    { roles: { x: null }, references: { x: ["0"] } },
  );
  assert.deepEqual(
    tasksOf(planned).map(({ database, leaving }) => [database, leaving.length]),
    [["postgres", 1]],
  );
});

test("the neon extension is created, repaired or updated, and missing files are a warning (APPLY-38)", () => {
  const neon = (installed: { version: string; schema: string; relocatable: boolean } | null) =>
    plan({}, { extensions: new Map([["neon", { availableVersion: "1.6", installed }]]) });
  assert.deepEqual(stepsOf(neon(null)), ["create extension neon in schema neon"]);
  assert.deepEqual(stepsOf(neon({ version: "1.0", schema: "public", relocatable: false })), [
    "make extension neon relocatable",
    "move extension neon to schema neon",
    "update extension neon",
  ]);
  const missing = plan({}, { extensions: new Map() });
  assert.deepEqual(stepsOf(missing), []);
  assert.deepEqual(missing.warnings, ["extension neon is not available on this server: skipped"]);
});

test("V11: audit extensions by level, the silence last", () => {
  const available = { availableVersion: "1", installed: null };
  const neon = sampleSnapshot().extensions.get("neon") ?? available;
  const extensions = new Map([
    ["neon", neon],
    ["pgaudit", available],
    ["pgauditlogtofile", available],
  ] as const);
  const audit = (level: string, catalog: SampleCatalog) => plan({ members: { audit_log_level: level } }, catalog);
  const silence = "set pgaudit.log to none in database postgres";
  assert.deepEqual(stepsOf(audit("Base", { extensions })), ["create extension pgaudit in schema public", silence]);
  assert.deepEqual(stepsOf(audit("Full", { extensions })), [
    "create extension pgaudit in schema public",
    "create extension pgauditlogtofile in schema public",
    silence,
  ]);
  assert.deepEqual(stepsOf(audit("Disabled", { extensions })), []);
  const stock = audit("Base", {});
  assert.deepEqual(stepsOf(stock), []);
  assert.match(stock.warnings.join(), /pgaudit is not available/);
});

test("pg_stat_statements is created when its library is preloaded", () => {
  const settings = [{ name: "shared_preload_libraries", value: "neon,pg_stat_statements", vartype: "string" }];
  assert.deepEqual(stepsOf(plan({ settings })), ["create extension pg_stat_statements in schema public"]);
});

test("many new databases become copies of the first, which alone is visited (APPLY-20)", () => {
  const names = Array.from({ length: 9 }, (_, index) => `d${index}`);
  const own = { name: "own", owner: "amy", options: [{ name: "TEMPLATE", value: "template0", vartype: "enum" }] };
  const spec = { roles: [{ name: "amy" }], databases: [own, ...names.map((name) => ({ name, owner: "amy" }))] };
  const planned = plan(spec);
  const created = stepsOf(planned).filter((text) => text.startsWith("create database"));
  assert.deepEqual(created, [
    'create database "d0" OWNER "amy"',
    'create database "own" TEMPLATE template0 OWNER "amy"',
    ...names.slice(1).map((name) => `create database "${name}" as a copy of "d0" OWNER "amy"`),
  ]);
  const visited = (name: string) => tasksOf(planned, name).map(({ database }) => database);
  assert.deepEqual(visited("inside the first database"), ["d0"]);
  assert.deepEqual(visited("inside databases"), ["own"]);
  assert.deepEqual([...planned.copies.keys()], names.slice(1));
});

test("few new databases, those before Postgres 15, and those that a leaving role may be in are no copies", () => {
  const databases = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `d${index}`, owner: "amy" }));
  const roles = [{ name: "amy" }];
  const deltas = [{ action: "delete_role", name: "gone" }];
  for (const planned of [
    plan({ roles, databases: databases(8) }),
    plan({ roles, databases: databases(20) }, { serverMajor: 14 }),
    plan({ roles, databases: databases(20), deltas }, { roles: { gone: null } }),
    planCatalog(sampleWanted({ roles, databases: databases(20) }), sampleSnapshot({}), new Map(), false),
  ]) {
    assert.equal(planned.copies.size, 0);
    assert.ok(tasksOf(planned).length >= 8);
  }
});
