import assert from "node:assert/strict";
import { it } from "node:test";
import { apply } from "./apply.ts";
import { breakingSessions } from "./breaking-sessions.ts";
import { majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

const spec = {
  roles: [{ name: "a" }, { name: "b" }],
  databases: [
    { name: "one", owner: "a" },
    { name: "two", owner: "b" },
  ],
};

async function catalogOf(pg: TemporaryPostgres): Promise<unknown> {
  const shared = await pg.sql(
    "postgres",
    `SELECT rolname AS name, rolcreatedb::text AS what FROM pg_roles WHERE rolname IN ('a', 'b', 'neon_superuser')
    UNION ALL SELECT datname, concat_ws(' ', pg_get_userbyid(datdba), datconnlimit, datacl::text) FROM pg_database
    ORDER BY 1`,
  );
  const defaults = "SELECT defaclacl::text AS acl FROM pg_default_acl ORDER BY 1";
  return [shared, await pg.sql("one", defaults), await pg.sql("two", defaults)];
}

const reset = [
  "DROP DATABASE IF EXISTS one",
  "DROP DATABASE IF EXISTS two",
  "DROP SCHEMA IF EXISTS neon; DROP TABLE IF EXISTS public.health_check",
  "DROP ROLE IF EXISTS a, b, neon_superuser",
];

for (const major of majors) {
  it(`Postgres ${major}: an apply that breaks off after any query is finished by the next one (APPLY-4)`, async (t) => {
    const pg = await startTemporaryPostgres(t, major);
    await apply(pg, spec);
    const expected = await catalogOf(pg);
    for (let queries = 1, broke = true; broke; queries++) {
      for (const statement of reset) await pg.sql("postgres", statement);
      broke = await apply({ openSession: breakingSessions(pg, queries) }, spec).then(
        () => false,
        () => true,
      );
      await apply(pg, spec);
      assert.deepEqual(await catalogOf(pg), expected, `after ${queries} queries`);
    }
  });

  // The first lock stops a statement of the apply, the second one keeps its session from being opened.
  for (const table of ["pg_auth_members", "pg_authid"]) {
    it(`Postgres ${major}: an abort ends an apply that waits for a lock on ${table}`, async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const customer = await pg.openSession({ purpose: "customer" });
      await customer.run(`BEGIN; LOCK TABLE pg_catalog.${table} IN ACCESS EXCLUSIVE MODE`);
      const controller = new AbortController();
      const applying = apply(pg, spec, controller.signal);
      while ((await customer.run("SELECT FROM pg_catalog.pg_locks WHERE NOT granted")).length === 0);
      const reason = new Error("terminated");
      controller.abort(reason);
      await assert.rejects(applying, reason);
      await customer.run("COMMIT");
      await customer.close();
      await apply(pg, spec);
    });
  }
}
