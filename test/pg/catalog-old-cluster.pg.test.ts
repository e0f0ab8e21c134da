import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sqlState } from "../../src/base/sql.ts";
import { apply } from "./apply.ts";
import { majors, startTemporaryPostgres } from "./temporary-postgres.ts";

for (const major of majors) {
  describe(`a cluster from before cloud_admin, on Postgres ${major}`, () => {
    it("APPLY-8: gets its cloud_admin from zenith_admin, once, and then the catalog of the spec", async (t) => {
      const pg = await startTemporaryPostgres(t, major, { superuser: "zenith_admin" });
      await assert.rejects(pg.sql("postgres", "SELECT 1"), (error) => sqlState(error) === "28000");
      const spec = { roles: [{ name: "amy" }], databases: [{ name: "shop", owner: "amy" }] };
      const first = await apply(pg, spec);
      assert.match(first.log, /WARN this cluster had no usable role cloud_admin: created it as zenith_admin/);
      const admin = `SELECT rolsuper AS super, rolcanlogin AS login,
        pg_has_role('cloud_admin', 'zenith_admin', 'member') AS member FROM pg_roles WHERE rolname = 'cloud_admin'`;
      assert.deepEqual(await pg.sql("postgres", admin), [{ super: "t", login: "t", member: "t" }]);
      const owner = "SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = 'public'";
      assert.deepEqual(await pg.sql("shop", owner), [{ owner: major >= 15 ? "pg_database_owner" : "amy" }]);
      const second = await apply(pg, spec);
      assert.equal(second.steps, 0);
      assert.doesNotMatch(second.log, /zenith_admin/);
    });

    it("T13: a refusal that zenith_admin cannot help with fails the apply as it came", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await pg.sql("postgres", "CREATE ROLE zenith_admin SUPERUSER LOGIN; CREATE ROLE spare SUPERUSER LOGIN");
      const session = await pg.openSession({ purpose: "test", user: "zenith_admin" });
      await session.run("ALTER ROLE cloud_admin RENAME TO elsewhere; ALTER ROLE zenith_admin NOLOGIN");
      await session.close();
      await assert.rejects(apply(pg, {}), (error) => {
        assert.equal(sqlState(error), "28000");
        assert.match(String(error), /cloud_admin/);
        return true;
      });
    });

    it("T13: other errors are not taken for a sign of an old cluster", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const asked: (string | undefined)[] = [];
      const openSession: typeof pg.openSession = (target) => {
        asked.push(target.user);
        return pg.openSession({ ...target, database: "nowhere" });
      };
      await assert.rejects(apply({ openSession }, {}), (error) => sqlState(error) === "3D000");
      assert.deepEqual(asked, [undefined]);
    });
  });
}
