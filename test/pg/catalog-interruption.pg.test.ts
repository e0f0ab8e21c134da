import assert from "node:assert/strict";
import { it } from "node:test";
import { type OpenSession, SqlError } from "../../src/base/sql.ts";
import { apply } from "./apply.ts";
import { majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

const hash = "00112233445566778899aabbccddeeff";
const spec = {
  roles: [{ name: "a" }, { name: "b" }],
  databases: [
    { name: "one", owner: "a" },
    { name: "two", owner: "b" },
  ],
};

/** Sessions that break off once `queries` queries have been answered, counted over all of them. */
function breakingSessions({ openSession }: TemporaryPostgres, queries: number): OpenSession {
  let left = queries;
  return async (target) => {
    const session = await openSession(target);
    const run: typeof session.run = async (sql) => {
      if (left === 0) throw new SqlError("connection lost", "08006");
      left -= 1;
      return session.run(sql);
    };
    return { run, close: session.close };
  };
}

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

  it(`Postgres ${major}: so are renames, deletions and what they leave behind (APPLY-4)`, async (t) => {
    const pg = await startTemporaryPostgres(t, major);
    const heirs = { roles: [{ name: "heir" }], databases: [{ name: "store", owner: "heir" }] };
    const before = { roles: [{ name: "heir" }, { name: "old", encrypted_password: hash }, { name: "leaving" }] };
    const after = {
      roles: [{ name: "heir" }, { name: "new", encrypted_password: hash }],
      databases: heirs.databases,
      deltas: [
        { action: "rename_role", name: "old", new_name: "new" },
        { action: "rename_db", name: "shop", new_name: "store" },
        { action: "delete_db", name: "scrap" },
        { action: "delete_role", name: "leaving" },
      ],
    };
    const prepare = async (): Promise<void> => {
      for (const name of ["shop", "store", "scrap"]) await pg.sql("postgres", `DROP DATABASE IF EXISTS ${name}`);
      await pg.sql("postgres", "DROP ROLE IF EXISTS new");
      await apply(pg, {
        ...before,
        databases: [
          { name: "shop", owner: "heir" },
          { name: "scrap", owner: "heir" },
        ],
      });
      await pg.sql(
        "shop",
        `CREATE TABLE public.t (a int); INSERT INTO public.t VALUES (7); ALTER TABLE public.t OWNER TO leaving;
        CREATE TABLE public.u (); GRANT SELECT ON public.u TO leaving`,
      );
      await pg.sql("postgres", "ALTER DATABASE scrap IS_TEMPLATE true");
    };
    for (let queries = 1, broke = true; broke; queries++) {
      await prepare();
      broke = await apply({ openSession: breakingSessions(pg, queries) }, after).then(
        () => false,
        () => true,
      );
      await apply(pg, after);
      const what = `after ${queries} queries`;
      const roles =
        "SELECT concat_ws(' ', rolname, rolpassword) AS text FROM pg_authid WHERE rolname ~ '^(heir|old|new|leaving)$' ORDER BY 1";
      assert.deepEqual(await pg.sql("postgres", roles), [{ text: "heir" }, { text: `new md5${hash}` }], what);
      const databases = "SELECT datname AS text FROM pg_database WHERE datname IN ('shop', 'store', 'scrap')";
      assert.deepEqual(await pg.sql("postgres", databases), [{ text: "store" }], what);
      const kept =
        "SELECT concat_ws(' ', a, (SELECT tableowner FROM pg_tables WHERE tablename = 't')) AS text FROM public.t";
      assert.deepEqual(await pg.sql("store", kept), [{ text: "7 heir" }], what);
      assert.equal((await apply(pg, after)).steps, 0, what);
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
