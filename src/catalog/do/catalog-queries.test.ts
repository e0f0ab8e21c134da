import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SqlError } from "../../base/sql.ts";
import { countedDatabasesQuery, databaseExtensionsQuery } from "../extension-count.ts";
import { insightsQuery, insightsViewQuery } from "../statement-insights.ts";
import { collectInsights } from "./collect-insights.ts";
import { countExtensions } from "./count-extensions.ts";
import { probeWrite } from "./probe-write.ts";
import { provideExtension } from "./provide-extension.ts";
import { provideGrant } from "./provide-grant.ts";
import { fakeServer } from "./test-server.ts";

const never = new AbortController().signal;

function failing(code: string): never {
  throw new SqlError(`db error: ERROR: ${code}`, code);
}

describe("the write probe (CAT-3)", () => {
  it("takes a full disk for writable and says so, and nothing else", async () => {
    const full = fakeServer((sql) => (sql.startsWith("INSERT") ? failing("53100") : []));
    await probeWrite(full.openSession, full.log, never);
    assert.deepEqual(full.lines, ["warn the disk is full, which counts as writable: db error: ERROR: 53100"]);
    const readOnly = fakeServer((sql) => (sql.startsWith("INSERT") ? failing("25006") : []));
    await assert.rejects(probeWrite(readOnly.openSession, readOnly.log, never), { code: "25006" });
    assert.deepEqual([full.stillOpen(), readOnly.stillOpen()], [0, 0]);
  });
});

describe("insights (CAT-6)", () => {
  const none = '{"pg_stat_statements": []}';

  it("splices the rows' texts, so that no digit is lost (T-18)", async () => {
    const row = '{"queryid":9223372036854775807}';
    const { openSession, log } = fakeServer((sql) => (sql === insightsQuery ? [{ statement: row }] : [{}]));
    assert.equal(await collectInsights(openSession, log, never), `{"pg_stat_statements": [${row}]}`);
  });

  it("are empty without a superuser's view, which nobody else's is read for", async () => {
    const { openSession, log, queries } = fakeServer(() => []);
    assert.equal(await collectInsights(openSession, log, never), none);
    assert.deepEqual(queries, [`collect_insights in postgres: ${insightsViewQuery}`]);
  });

  it("are empty when the query fails, but not when Postgres is down (T-2, T-18)", async () => {
    const broken = fakeServer((sql) => (sql === insightsQuery ? failing("55000") : [{}]));
    assert.equal(await collectInsights(broken.openSession, broken.log, never), none);
    assert.deepEqual(broken.lines, ["warn could not read pg_stat_statements: db error: ERROR: 55000"]);
    const down = fakeServer(() => failing("08001"));
    await assert.rejects(collectInsights(down.openSession, down.log, never), { code: "08001" });
  });
});

describe("providing an extension (CAT-4)", () => {
  const wanted = { database: "shop", extension: "hstore", version: "1.8" };
  const create = `CREATE EXTENSION IF NOT EXISTS "hstore" WITH SCHEMA public VERSION '1.8'`;

  it("looks again when another session creates it at the same moment", async () => {
    let installed = false;
    const server = fakeServer((sql) => {
      if (sql.startsWith("SELECT")) return installed ? [{ version: "1.8" }] : [];
      installed ||= sql.startsWith("CREATE");
      return sql.startsWith("CREATE") ? failing("23505") : [];
    });
    await provideExtension(server.openSession, wanted, never);
    assert.equal(server.queries.length, 3);
  });

  it("names the statement that failed", async () => {
    const server = fakeServer((sql) => (sql === create ? failing("0A000") : []));
    const providing = provideExtension(server.openSession, wanted, never);
    await assert.rejects(providing, { message: `Failed to execute query: ${create}` });
    assert.equal(server.stillOpen(), 0);
  });
});

describe("providing a grant (CAT-5)", () => {
  it("visits the database, and writes only what is missing", async () => {
    const server = fakeServer((sql) => (sql.startsWith("SELECT") ? [{ privilege: "USAGE" }] : []));
    const grant = { database: "shop", schema: "auth", role: "amy" };
    await provideGrant(server.openSession, { ...grant, privileges: ["USAGE", "CREATE"] }, never);
    await provideGrant(server.openSession, { ...grant, privileges: ["USAGE"] }, never);
    assert.deepEqual(
      server.queries.filter((query) => query.includes("GRANT")),
      ['set_role_grants in shop: GRANT CREATE ON SCHEMA "auth" TO "amy"'],
    );
  });
});

describe("counting extensions (CAT-10)", () => {
  const plpgsql = { name: "plpgsql", version: "1.0", owned_by_superuser: "t" };
  const server = (inDatabase: (database: string) => void) =>
    fakeServer((sql, database) => {
      if (sql === countedDatabasesQuery) return [{ name: "postgres" }, { name: "template1" }, { name: "shop" }];
      if (sql === databaseExtensionsQuery) inDatabase(database);
      return [plpgsql];
    });

  it("V20: visits one database after the other and logs what it found", async () => {
    const { openSession, log, lines, stillOpen } = server(() => assert.equal(stillOpen(), 1));
    const counted = await countExtensions(openSession, log, never);
    assert.deepEqual(counted, [{ name: "plpgsql", version: "1.0", ownedBySuperuser: true, databases: 3 }]);
    assert.deepEqual(lines, [
      'info [NEON_EXT_STAT] {"extensions":[{"extname":"plpgsql","version":"1.0","n_databases":3,"owned_by_superuser":"1"}]}',
    ]);
    assert.equal(stillOpen(), 0);
  });

  it("leaves out a database that fails, silently when it was dropped (T21)", async () => {
    const { openSession, log, lines } = server((database) => {
      if (database === "shop") failing("42501");
      if (database === "template1") failing("3D000");
    });
    const [counted] = await countExtensions(openSession, log, never);
    assert.equal(counted?.databases, 1);
    assert.equal(lines[0], 'warn could not get the extensions of database "shop": db error: ERROR: 42501');
    assert.equal(lines.length, 2);
  });

  it("fails when no database can be visited, or its signal fires", async () => {
    const closed = server(() => failing("42501"));
    await assert.rejects(countExtensions(closed.openSession, closed.log, never), /could not get installed extensions/);
    const stop = new AbortController();
    const ended = server(() => stop.abort(new Error("Postgres has ended")));
    await assert.rejects(countExtensions(ended.openSession, ended.log, stop.signal), /^Error: Postgres has ended$/);
    assert.equal(ended.stillOpen(), 0);
  });
});
