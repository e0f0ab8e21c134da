import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OpenSession } from "../../src/base/sql.ts";
import { apply } from "./apply.ts";
import { majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

const signal = new AbortController().signal;
const names = Array.from({ length: 12 }, (_, index) => `d${index}`);
const spec = {
  roles: [{ name: "own" }, { name: "other" }],
  databases: names.map((name, index) => ({ name, owner: index % 2 === 0 ? "own" : "other" })),
};

/** All that an apply is to make of a database, as the catalogs have it, without OIDs. */
async function insideOf(pg: TemporaryPostgres, name: string): Promise<unknown> {
  const inside = `SELECT n.nspowner::regrole::text AS owner, n.nspacl::text AS acl,
    (SELECT string_agg(concat_ws(' ', defaclrole::regrole, defaclobjtype, defaclacl::text), ';' ORDER BY defaclobjtype)
      FROM pg_default_acl) AS defaults FROM pg_namespace n WHERE n.nspname = 'public'`;
  const outside = `SELECT datacl::text AS acl, datconnlimit AS "limit", datallowconn AS open, datistemplate AS template,
    (SELECT count(*) FROM pg_shdepend s WHERE s.dbid = d.oid)::text AS dependencies
    FROM pg_database d WHERE datname = '${name}'`;
  return [await pg.sql(name, inside), await pg.sql("postgres", outside)];
}

for (const major of majors) {
  describe(`many new databases on Postgres ${major}`, () => {
    it("are the same whether they are copies or not, settle, and are known afterwards", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await pg.sql("postgres", "CREATE ROLE web_access");
      const verified = new Map<string, string>();
      const first = await apply(pg, spec, signal, { verified });
      assert.equal(/as a copy of/.test(first.log), major >= 15);
      assert.equal((await apply(pg, spec)).steps, 0);
      // Alone, the others' twins are made from the server's template.
      const alone = (name: string, owner: string) => ({ ...spec, databases: [...spec.databases, { name, owner }] });
      await apply(pg, alone("plain_own", "own"));
      await apply(pg, alone("plain_other", "other"));
      for (const [index, name] of names.entries()) {
        const twin = index % 2 === 0 ? "plain_own" : "plain_other";
        assert.deepEqual(await insideOf(pg, name), await insideOf(pg, twin), name);
      }
    });

    it("need no visit by a later apply of the same process", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const verified = new Map<string, string>();
      await apply(pg, spec, signal, { verified });
      const opened: string[] = [];
      const openSession: OpenSession = (target) => {
        opened.push(target.database ?? "system");
        return pg.openSession(target);
      };
      assert.equal((await apply({ openSession }, spec, signal, { verified })).steps, 0);
      assert.deepEqual(opened, ["system"]);
      await pg.sql("d7", "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM neon_superuser");
      assert.equal((await apply({ openSession }, spec, signal, { verified })).steps, 1);
      assert.deepEqual(opened, ["system", "system", "d7"]);
    });

    it("are made from the server's template when somebody is in the first one", {
      skip: major < 15 && "no copies before 15",
    }, async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const customers: { close(): Promise<void> }[] = [];
      // A customer connects as soon as our own session in the first database is over.
      const openSession: OpenSession = async (target) => {
        const session = await pg.openSession(target);
        if (target.database !== "d0" || customers.length > 0) return session;
        const close = async (): Promise<void> => {
          customers.push(await pg.openSession({ purpose: "customer", database: "d0" }));
          await session.close();
        };
        return { run: session.run, close };
      };
      const { log } = await apply({ openSession }, spec);
      assert.match(log, /WARN making the other databases from the server's template: .*being accessed by other users/s);
      for (const customer of customers) await customer.close();
      assert.equal(customers.length, 1);
      assert.equal((await apply(pg, spec)).steps, 0);
    });
  });
}
