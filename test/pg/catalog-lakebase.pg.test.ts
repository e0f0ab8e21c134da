import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlState } from "../../src/base/sql.ts";
import { apply } from "./apply.ts";
import { majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

const options = { lakebase: true, privilegedRoleName: "databricks_superuser" };
const signal = new AbortController().signal;

for (const major of majors) {
  describe(`lakebase mode on Postgres ${major}`, () => {
    const prepare = async (pg: TemporaryPostgres): Promise<void> => {
      await pg.sql("postgres", "CREATE ROLE databricks_reader_7; CREATE ROLE databricks_reader_x");
      await pg.sql("postgres", "ALTER DATABASE postgres SET databricks.reader_statement_timeout = '45s'");
    };

    it("V13: adds the platform's roles, timeouts, grants and function, and nothing the second time (T15)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await prepare(pg);
      const { warnings } = await apply(pg, {}, signal, options);
      assert.match(warnings.join("\n"), /databricks_auth is not available/);
      const roles = `SELECT rolname || ' ' || rolsuper || ' ' || rolcanlogin || ' ' || rolreplication AS role
        FROM pg_roles WHERE rolname ~ '^databricks_' ORDER BY 1`;
      assert.deepEqual(
        (await pg.sql("postgres", roles)).map((row) => row["role"]),
        [
          "databricks_control_plane true true false",
          "databricks_gateway false true false",
          "databricks_monitor false true false",
          "databricks_reader_7 false false false",
          "databricks_reader_x false false false",
          "databricks_superuser false false false",
        ],
      );
      const settings = `SELECT setrole::regrole || ' ' || setconfig::text AS setting FROM pg_db_role_setting
        WHERE setdatabase = 0 ORDER BY 1`;
      assert.deepEqual(
        (await pg.sql("postgres", settings)).map((row) => row["setting"]),
        ["databricks_monitor {statement_timeout=60s}", "databricks_reader_7 {statement_timeout=45s}"],
      );
      const acls = `SELECT relacl::text AS acl FROM pg_class WHERE oid = 'public.health_check'::regclass
        UNION ALL SELECT proacl::text FROM pg_proc WHERE oid = 'pg_ls_dir(text)'::regprocedure
        UNION ALL SELECT proacl::text FROM pg_proc WHERE oid = 'pg_ls_dir(text, bool, bool)'::regprocedure`;
      const all = major >= 17 ? "arwdDxtm" : "arwdDxt";
      assert.deepEqual(
        (await pg.sql("postgres", acls)).map((row) => row["acl"]),
        [
          `{cloud_admin=${all}/cloud_admin,databricks_monitor=arw/cloud_admin}`,
          "{cloud_admin=X/cloud_admin,databricks_monitor=X/cloud_admin}",
          "{cloud_admin=X/cloud_admin}",
        ],
      );
      assert.equal((await apply(pg, {}, signal, options)).steps, 0);
    });

    it("checks that writes succeed as the monitor, and says why they do not (APPLY-49, T14)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, {}, signal, options);
      const check = "SET role = databricks_monitor; SELECT public.health_check_write_succeeds() AS one";
      assert.deepEqual(await pg.sql("postgres", check), [{ one: "1" }]);
      await pg.sql("postgres", "REVOKE UPDATE ON public.health_check FROM databricks_monitor");
      await assert.rejects(
        pg.sql("postgres", check),
        /\[DATABRICKS_SMGR\] health_check failed: \[42501\] permission denied/,
      );
      assert.equal((await apply(pg, {}, signal, options)).steps, 1);
    });

    it("takes over a changed reader timeout, and leaves none alone (APPLY-47)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await prepare(pg);
      await apply(pg, {}, signal, options);
      await pg.sql("postgres", "ALTER DATABASE postgres SET databricks.reader_statement_timeout = '1min'");
      assert.equal((await apply(pg, {}, signal, options)).steps, 1);
      await pg.sql("postgres", "ALTER DATABASE postgres SET databricks.reader_statement_timeout = '0'");
      assert.equal((await apply(pg, {}, signal, options)).steps, 0);
    });

    it("gives up a statement that takes too long, with the SQLSTATE that is counted (APPLY-9, APPLY-54)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const customer = await pg.openSession({ purpose: "customer" });
      await customer.run("BEGIN; LOCK TABLE pg_catalog.pg_auth_members IN ACCESS EXCLUSIVE MODE");
      await assert.rejects(apply(pg, {}, signal, options, { statementMsMax: 500 }), (error) => {
        assert.equal(sqlState(error), "57014");
        return true;
      });
      await customer.close();
      assert.ok((await apply(pg, {}, signal, options, { statementMsMax: 5_000 })).steps > 0);
    });
  });
}
