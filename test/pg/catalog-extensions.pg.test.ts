import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlState } from "../../src/base/sql.ts";
import { apply } from "./apply.ts";
import { type AddedExtension, majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

/** The parts of the neon extension that an apply meets, in SQL alone. */
const neon: AddedExtension = {
  name: "neon",
  defaultVersion: "1.6",
  scripts: {
    "1.0": "CREATE FUNCTION backpressure_lsns() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    "1.0--1.6": `CREATE VIEW neon_perf_counters AS SELECT 1 AS metric;
      CREATE FUNCTION get_perf_counters() RETURNS int LANGUAGE sql AS 'SELECT 1';`,
  },
};
const plain = (name: string): AddedExtension => ({ name, defaultVersion: "1.0", scripts: { "1.0": "" } });
const auth = (version: string): AddedExtension => ({
  name: "databricks_auth",
  defaultVersion: version,
  scripts: { [version]: "CREATE VIEW databricks_auth_metrics AS SELECT 1 AS metric;" },
});
const signal = new AbortController().signal;

async function installed(pg: TemporaryPostgres): Promise<readonly string[]> {
  const query = `SELECT concat_ws(' ', extname, extversion, extnamespace::regnamespace, extrelocatable) AS text
    FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1`;
  return (await pg.sql("postgres", query)).map((row) => row["text"] ?? "");
}

for (const major of majors) {
  describe(`extensions on Postgres ${major}`, () => {
    it("APPLY-38: neon is created in its schema, and an old one made relocatable, moved and updated", async (t) => {
      const pg = await startTemporaryPostgres(t, major, { extensions: [neon] });
      const wish = { neonRequired: true };
      assert.ok((await apply(pg, {}, signal, wish)).steps > 0);
      assert.deepEqual(await installed(pg), ["neon 1.6 neon t"]);
      assert.equal((await apply(pg, {}, signal, wish)).steps, 0);

      await pg.sql(
        "postgres",
        `DROP EXTENSION neon; CREATE EXTENSION neon SCHEMA public VERSION '1.0';
        UPDATE pg_extension SET extrelocatable = false WHERE extname = 'neon'`,
      );
      assert.equal((await apply(pg, {}, signal, wish)).steps, 3);
      assert.deepEqual(await installed(pg), ["neon 1.6 neon t"]);
      assert.equal((await apply(pg, {}, signal, wish)).steps, 0);
    });

    it("APPLY-38: without its files neon is left out with a warning, or fails the apply where it is preloaded", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await assert.rejects(apply(pg, {}, signal, { neonRequired: true }), /no files of extension neon/);
      const { warnings } = await apply(pg, {});
      assert.deepEqual(warnings, ["extension neon is not available on this server: skipped"]);
      const schema = "SELECT FROM pg_namespace WHERE nspname = 'neon'";
      assert.equal((await pg.sql("postgres", schema)).length, 1);
    });

    it("APPLY-37: no other extension is touched, in any database", async (t) => {
      const pg = await startTemporaryPostgres(t, major, { extensions: [plain("anon")] });
      const spec = { roles: [{ name: "own" }], databases: [{ name: "d", owner: "own" }] };
      await apply(pg, spec);
      await pg.sql("d", "CREATE EXTENSION anon SCHEMA public");
      assert.equal((await apply(pg, spec)).steps, 0);
    });

    it("phase 12: pg_stat_statements comes with its library, and its files must be there", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const library = { name: "shared_preload_libraries", value: "neon, pg_stat_statements", vartype: "string" };
      await apply(pg, { settings: [library] });
      assert.match((await installed(pg)).join(), /^pg_stat_statements \S+ public t$/);
      assert.equal((await apply(pg, { settings: [library] })).steps, 0);
    });

    it("V11: audit levels bring their extensions, and silence in postgres last", async (t) => {
      const pg = await startTemporaryPostgres(t, major, { extensions: [plain("pgaudit"), plain("pgauditlogtofile")] });
      const settings = `SELECT s.setconfig::text AS text FROM pg_db_role_setting s
        JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = 'postgres'`;
      const level = (name: string) => ({ members: { audit_log_level: name } });
      await apply(pg, level("Disabled"));
      assert.deepEqual([await installed(pg), await pg.sql("postgres", settings)], [[], []]);
      const { log } = await apply(pg, level("Base"));
      assert.deepEqual(await installed(pg), ["pgaudit 1.0 public t"]);
      assert.deepEqual(await pg.sql("postgres", settings), [{ text: "{pgaudit.log=none}" }]);
      const steps = log.split("\n").filter((line) => line.startsWith("DEBUG"));
      assert.match(steps.at(-1) ?? "", /set pgaudit.log to none in database postgres/);
      await apply(pg, level("Full"));
      assert.deepEqual(await installed(pg), ["pgaudit 1.0 public t", "pgauditlogtofile 1.0 public t"]);
      assert.equal((await apply(pg, level("Full"))).steps, 0);
      assert.equal((await apply(pg, level("Disabled"))).steps, 0, "nothing is taken away");
    });

    it("V11: an audit that the server has no files for fails the apply: it was promised", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await assert.rejects(apply(pg, { members: { audit_log_level: "Hipaa" } }), (error) => {
        assert.match(sqlState(error) ?? "", /^(0A000|58P01)$/);
        assert.match(String(error), /could not create extension pgaudit/);
        return true;
      });
    });

    it("V13: the lakebase phases with the platform's extensions (APPLY-46, APPLY-48, APPLY-49)", async (t) => {
      const extensions = [neon, auth("2.0")];
      const pg = await startTemporaryPostgres(t, major, { extensions });
      const lakebase = { lakebase: true, privilegedRoleName: "databricks_superuser" };
      const { warnings } = await apply(pg, {}, signal, lakebase);
      assert.deepEqual(warnings, []);
      assert.deepEqual(await installed(pg), ["databricks_auth 2.0 public t", "neon 1.6 neon t"]);
      const readable = `SELECT has_table_privilege('databricks_monitor', 'neon.neon_perf_counters', 'SELECT') AS counters,
        has_function_privilege('databricks_monitor', 'neon.get_perf_counters()', 'EXECUTE') AS function,
        has_table_privilege('pg_monitor', 'public.databricks_auth_metrics', 'SELECT') AS auth`;
      assert.deepEqual(await pg.sql("postgres", readable), [{ counters: "t", function: "t", auth: "t" }]);
      assert.equal((await apply(pg, {}, signal, lakebase)).steps, 0);
    });
  });
}
