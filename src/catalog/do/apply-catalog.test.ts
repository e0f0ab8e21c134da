import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { type OpenSession, SqlError, type SqlRow } from "../../base/sql.ts";
import { WantedCatalogError } from "../catalog-error.ts";
import { databasesQuery, extensionsQuery, rolesQuery, systemQuery } from "../snapshot-query.ts";
import { sampleSpec } from "../test-samples.ts";
import { type ApplyInput, applyCatalog } from "./apply-catalog.ts";

const plainDatabase = { allows_connections: "t", connection_limit: "-1", is_template: "f", has_subscriptions: "f" };
const answers: Readonly<Record<string, readonly SqlRow[]>> = {
  [systemQuery]: [
    {
      version: "170010",
      database: "postgres",
      started: "today",
      is_superuser: "on",
      has_neon_schema: "t",
      has_health_check: "t",
      audit_muted: "f",
    },
  ],
  [rolesQuery]: [{ name: "neon_superuser", verifier: null }],
  [databasesQuery("neon_superuser")]: [
    { ...plainDatabase, oid: "5", name: "postgres", owner: "cloud_admin" },
    { ...plainDatabase, oid: "6", name: "shop", owner: "cloud_admin", has_subscriptions: "t" },
  ],
  [extensionsQuery]: [],
};

/** A server that knows the answers above, and what was asked of it in which database. */
function fakeServer(missing: readonly string[] = []) {
  const queries: string[] = [];
  const lines: string[] = [];
  let open = 0;
  const openSession: OpenSession = async ({ purpose, database = "postgres" }) => {
    if (missing.includes(database)) throw new SqlError(`database "${database}" does not exist`, "3D000");
    assert.equal(purpose, "apply_config");
    open += 1;
    return {
      run: async (sql) => {
        queries.push(`${database}: ${sql}`);
        return answers[sql] ?? [];
      },
      close: async () => {
        open -= 1;
      },
    };
  };
  const write = (message: string): void => {
    lines.push(message);
  };
  const log: Log = { debug() {}, info: write, warn: write, error: write, span: () => log };
  const ports = { openSession, log, clock: systemClock, signal: new AbortController().signal };
  return { ports, queries, lines, stillOpen: () => open };
}

const input = (sample: Parameters<typeof sampleSpec>[0]): ApplyInput => ({
  spec: sampleSpec(sample),
  privilegedRoleName: "neon_superuser",
  concurrency: 0,
  neonRequired: false,
});

test("a spec that cannot be applied is refused before any connection, all problems at once (T5, T11)", async () => {
  const { ports, queries } = fakeServer();
  const roles = [{ name: "a" }, { name: "a", encrypted_password: "hello" }];
  await assert.rejects(applyCatalog(input({ roles }), ports), (error) => {
    assert.ok(error instanceof WantedCatalogError);
    assert.equal(error.problems.length, 2);
    return true;
  });
  assert.deepEqual(queries, []);
});

test("DDL forwarding is off before anything else, and every session is closed (APPLY-7)", async () => {
  const { ports, queries, lines, stillOpen } = fakeServer();
  const deltas = [{ action: "delete_db", name: "shop" }];
  const report = await applyCatalog(input({ deltas }), ports);
  for (const database of ["postgres", "shop"]) {
    const first = queries.find((query) => query.startsWith(`${database}: `));
    assert.match(first ?? "", /SET neon\.forward_ddl = false; SET log_statement = none; /);
  }
  assert.equal(stillOpen(), 0);
  assert.equal(lines[0], "Applying config with max 1 concurrency");
  assert.deepEqual(
    report.phases.map(({ name, steps }) => [name, steps]),
    [
      ["subscriptions of databases to delete", 1],
      ["database deletions and renames", 1],
    ],
  );
});

test("a database to delete that is gone already is worth a warning", async () => {
  const { ports, lines } = fakeServer(["shop"]);
  await applyCatalog(input({ deltas: [{ action: "delete_db", name: "shop" }] }), ports);
  assert.ok(lines.includes('database "shop" is gone already'));
});

test("a spec database that cannot be opened ends the apply, and is named", async () => {
  const { ports, stillOpen } = fakeServer(["shop"]);
  const databases = [{ name: "shop", owner: "cloud_admin" }];
  await assert.rejects(applyCatalog(input({ databases }), ports), /could not work in database "shop"/);
  assert.equal(stillOpen(), 0);
});

test("a missing neon extension is one warning, or the end when its library is preloaded (APPLY-38)", async () => {
  const { ports } = fakeServer();
  const report = await applyCatalog(input({}), ports);
  assert.deepEqual(report, { phases: [], warnings: ["extension neon is not available on this server: skipped"] });
  await assert.rejects(applyCatalog({ ...input({}), neonRequired: true }, ports), /no files of extension neon/);
});

test("an apply that is called off before it begins opens no session", async () => {
  const { ports, queries } = fakeServer();
  const reason = new Error("terminated");
  await assert.rejects(applyCatalog(input({}), { ...ports, signal: AbortSignal.abort(reason) }), reason);
  assert.deepEqual(queries, []);
});

test("a login that the server refuses ends the apply with the error as it came (T13)", async () => {
  const { ports } = fakeServer();
  const refusal = new SqlError("db error: FATAL: password authentication failed", "28P01");
  await assert.rejects(applyCatalog(input({}), { ...ports, openSession: () => Promise.reject(refusal) }), refusal);
});
