import assert from "node:assert/strict";
import { it } from "node:test";
import { apply } from "./apply.ts";
import { breakingSessions } from "./breaking-sessions.ts";
import { majors, startTemporaryPostgres } from "./temporary-postgres.ts";

const hash = "00112233445566778899aabbccddeeff";

for (const major of majors) {
  it(`Postgres ${major}: renames and deletions that break off after any query are finished by the next apply (APPLY-4)`, async (t) => {
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
}
