import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlState } from "../../src/base/sql.ts";
import { checkDrift } from "../../src/catalog/do/check-drift.ts";
import { collectInsights } from "../../src/catalog/do/collect-insights.ts";
import { countExtensions } from "../../src/catalog/do/count-extensions.ts";
import { listCatalog } from "../../src/catalog/do/list-catalog.ts";
import { probeWrite } from "../../src/catalog/do/probe-write.ts";
import { provideExtension } from "../../src/catalog/do/provide-extension.ts";
import { provideGrant } from "../../src/catalog/do/provide-grant.ts";
import { sampleSpec } from "../../src/catalog/test-samples.ts";
import { apply } from "./apply.ts";
import { createRecordingLog } from "./recording-log.ts";
import { majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

const signal = new AbortController().signal;

function portsOf({ openSession }: TemporaryPostgres) {
  const { log, lines } = createRecordingLog();
  return { ports: { openSession, log, signal }, lines };
}

const spec = { roles: [{ name: "o'k" }], databases: [{ name: "shop", owner: "o'k" }] };

for (const major of majors) {
  describe(`errands on Postgres ${major}`, () => {
    it("CAT-1: lists all roles and databases", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, spec);
      await pg.sql("postgres", "CREATE DATABASE closed ALLOW_CONNECTIONS false");
      await pg.sql("postgres", "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'shop'");
      const { roles, databases } = await listCatalog(pg.openSession, signal);
      assert.deepEqual(
        roles.find(({ name }) => name === "o'k"),
        { name: "o'k", encryptedPassword: null },
      );
      assert.ok(roles.some(({ name }) => name === "pg_monitor"));
      const named = new Map(databases.map((database) => [database.name, database]));
      const shop = { name: "shop", owner: "o'k", restrictConn: false, invalid: true };
      assert.deepEqual(named.get("shop"), shop);
      assert.equal(named.get("closed")?.restrictConn, true);
      assert.ok(named.has("template0") && named.has("template1"));
    });

    it("CAT-4: installs an extension, leaves its version alone, and tells of one that is not there", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, spec);
      const [available] = await pg.sql(
        "shop",
        "SELECT default_version FROM pg_available_extensions WHERE name = 'hstore'",
      );
      const request = { extension: "hstore", database: "shop", version: available?.["default_version"] ?? "" };
      await provideExtension(pg.openSession, request, signal);
      await provideExtension(pg.openSession, request, signal);
      const installed = await pg.sql(
        "shop",
        "SELECT extnamespace::regnamespace::text AS s FROM pg_extension WHERE extname = 'hstore'",
      );
      assert.deepEqual(installed, [{ s: "public" }]);
      await assert.rejects(
        provideExtension(pg.openSession, { ...request, version: "0.0" }, signal),
        /Failed to execute query: CREATE|Failed to execute query: ALTER/,
      );
      const nowhere = provideExtension(pg.openSession, { ...request, database: "nope" }, signal);
      await assert.rejects(nowhere, (error) => error instanceof Error && sqlState(error.cause) === "3D000");
    });

    it("V22: grants what is missing and writes nothing the second time (CAT-5)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, spec);
      const request = { database: "shop", schema: "public", role: "o'k" };
      const aclRow = "SELECT xmin::text AS version, nspacl::text AS acl FROM pg_namespace WHERE nspname = 'public'";
      await provideGrant(pg.openSession, { ...request, privileges: ["CREATE", "USAGE"] }, signal);
      const [first] = await pg.sql("shop", aclRow);
      assert.match(first?.["acl"] ?? "", /o'k.*=UC/);
      await provideGrant(pg.openSession, { ...request, privileges: ["CREATE", "USAGE"] }, signal);
      assert.deepEqual(await pg.sql("shop", aclRow), [first]);
      await provideGrant(pg.openSession, { ...request, privileges: [] }, signal);
      await assert.rejects(
        provideGrant(pg.openSession, { ...request, privileges: ["SELECT"] }, signal),
        /Failed to execute query: GRANT/,
      );
    });

    it("CAT-3: writes to the health check, and says why when it cannot", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const { ports, lines } = portsOf(pg);
      await assert.rejects(probeWrite(pg.openSession, ports.log, signal), (error) => sqlState(error) === "42P01");
      await apply(pg, {});
      await pg.sql("postgres", "UPDATE public.health_check SET updated_at = 'epoch'");
      await probeWrite(pg.openSession, ports.log, signal);
      assert.deepEqual(await pg.sql("postgres", "SELECT FROM public.health_check WHERE updated_at = 'epoch'"), []);
      await pg.sql(
        "postgres",
        `CREATE FUNCTION public.no_space() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no space' USING ERRCODE = '53100'; END$$;
        CREATE TRIGGER no_space BEFORE INSERT ON public.health_check FOR EACH ROW EXECUTE FUNCTION public.no_space()`,
      );
      await probeWrite(pg.openSession, ports.log, signal);
      assert.match(lines.at(-1) ?? "", /^WARN the disk is full/);
    });

    it("CAT-6: passes on statements in the server's words, slowest first, without our own", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const { ports } = portsOf(pg);
      assert.equal(await collectInsights(pg.openSession, ports.log, signal), '{"pg_stat_statements": []}');
      const openSession: typeof pg.openSession = () => Promise.reject(new Error("down"));
      await assert.rejects(collectInsights(openSession, ports.log, signal), /down/);
      await apply(pg, spec);
      await pg.sql(
        "postgres",
        `CREATE TABLE public.pg_stat_statements (userid oid, queryid int8, mean_exec_time float8, mean_plan_time float8);
        INSERT INTO public.pg_stat_statements SELECT 10, 1, 9, 9
        UNION ALL SELECT oid, 9223372036854775807, 1, 1 FROM pg_roles WHERE rolname = 'o''k'
        UNION ALL SELECT oid, 5, 2, 1 FROM pg_roles WHERE rolname = 'o''k'`,
      );
      const text = await collectInsights(pg.openSession, ports.log, signal);
      assert.deepEqual(
        [...text.matchAll(/"queryid":(\d+)/g)].map(([, id]) => id),
        ["5", "9223372036854775807"],
      );
      assert.equal(JSON.parse(text).pg_stat_statements.length, 2);
    });

    it("V20: counts extensions, and lets one database not spoil the rest (CAT-10, T21, T22)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, spec);
      const { ports, lines } = portsOf(pg);
      const expected = { name: "plpgsql", version: "1.0", ownedBySuperuser: true, databases: 3 };
      assert.deepEqual(await countExtensions(pg.openSession, ports.log, signal), [expected]);
      assert.match(lines.at(-1) ?? "", /\[NEON_EXT_STAT\] \{"extensions":\[\{"extname":"plpgsql"/);
      const openSession: typeof pg.openSession = (target) =>
        target.database === "shop" ? Promise.reject(new Error("no way in")) : pg.openSession(target);
      assert.deepEqual(await countExtensions(openSession, ports.log, signal), [{ ...expected, databases: 2 }]);
      assert.ok(
        lines.some((line) => line.startsWith('WARN could not get the extensions of database "shop": no way in')),
      );
      await pg.sql("postgres", "CREATE DATABASE at_once");
    });

    it("drift is counted by phase, and one line tells of it", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, spec);
      const { ports, lines } = portsOf(pg);
      const input = { spec: sampleSpec(spec), privilegedRoleName: "neon_superuser", concurrency: 2 };
      assert.deepEqual(await checkDrift(input, ports), { steps: 0, phases: [] });
      assert.match(lines.at(-1) ?? "", /^INFO no drift/);
      await pg.sql("postgres", "ALTER ROLE \"o'k\" PASSWORD 'by hand'");
      await pg.sql("shop", "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE INSERT ON TABLES FROM neon_superuser");
      const { phases, steps } = await checkDrift(input, ports);
      assert.equal(steps, 2);
      assert.deepEqual(phases, [
        { name: "roles", steps: 1 },
        { name: "inside databases", steps: 1 },
      ]);
      assert.match(lines.at(-1) ?? "", /^WARN the catalog has drifted: roles 1, inside databases 1 \{"steps":2\}/);
    });
  });
}
