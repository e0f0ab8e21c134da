import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { sqlState } from "../../src/base/sql.ts";
import { apply } from "./apply.ts";
import { majors, startTemporaryPostgres } from "./temporary-postgres.ts";

const hash = "00112233445566778899aabbccddeeff";
const signal = new AbortController().signal;

/** How a failure reads: its SQLSTATE and its message. */
async function failureOf(applying: Promise<unknown>): Promise<readonly [string | undefined, string]> {
  try {
    await applying;
  } catch (error) {
    return [sqlState(error), String(error)];
  }
  return assert.fail("it succeeded");
}

for (const major of majors) {
  describe(`hostile and odd catalogs on Postgres ${major}`, () => {
    it("a hundred databases, of which three are closed, one is invalid and one is a template", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const names = Array.from({ length: 100 }, (_, index) => `db ${index}`);
      const closed = names.slice(0, 3);
      const spec = { roles: [{ name: "own" }], databases: names.map((name) => ({ name, owner: "own" })) };
      for (const name of [...closed, "db 3", "db 4"]) await pg.sql("postgres", `CREATE DATABASE "${name}"`);
      for (const name of closed) await pg.sql("postgres", `ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
      await pg.sql("postgres", "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'db 3'");
      await pg.sql("postgres", `ALTER DATABASE "db 4" IS_TEMPLATE true`);
      const { warnings } = await apply(pg, spec);
      assert.equal(warnings.filter((warning) => warning.includes("takes no connections")).length, 3);
      const found = `SELECT count(*) FILTER (WHERE pg_get_userbyid(datdba) = 'own')::text AS owned,
        count(*) FILTER (WHERE datconnlimit = -2)::text AS invalid,
        count(*) FILTER (WHERE NOT datallowconn AND datname ~ '^db')::text AS closed,
        count(*) FILTER (WHERE datistemplate AND datname ~ '^db')::text AS templates FROM pg_database`;
      assert.deepEqual(await pg.sql("postgres", found), [{ owned: "100", invalid: "0", closed: "3", templates: "1" }]);
      assert.equal((await apply(pg, spec)).steps, 0);
    });

    it("settings of roles and databases that would break the session", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const spec = { roles: [{ name: "dave" }], databases: [{ name: "main", owner: "dave" }] };
      await apply(pg, spec);
      const hostile = [
        "role = dave",
        "default_transaction_read_only = on",
        "search_path = public",
        "statement_timeout = 1",
        "lock_timeout = 1",
        "default_transaction_isolation = serializable",
        "quote_all_identifiers = on",
        "check_function_bodies = off",
        "session_preload_libraries = nowhere",
        "local_preload_libraries = nowhere",
        "standard_conforming_strings = off",
        "backslash_quote = on",
        "transform_null_equals = on",
        "default_tablespace = pg_global",
        "createrole_self_grant = 'set, inherit'",
      ];
      const known = hostile.filter((setting) => major >= 16 || !setting.startsWith("createrole_self_grant"));
      for (const setting of known) {
        await pg.sql("postgres", `ALTER DATABASE main SET ${setting}; ALTER DATABASE postgres SET ${setting}`);
        if (!setting.startsWith("role")) await pg.sql("postgres", `ALTER ROLE cloud_admin SET ${setting}`);
      }
      const more = { ...spec, roles: [...spec.roles, { name: "late" }], databases: [{ name: "main", owner: "late" }] };
      assert.ok((await apply(pg, more)).steps > 0);
      assert.equal((await apply(pg, more)).steps, 0);
    });

    it("CONF-36, SPEC-30: names of every kind: reserved words, upper case, unicode, quotes, backslashes, dollars, 63 bytes, and what they end in", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const names = [
        ...[
          "select",
          "user",
          "all",
          "SELECT",
          "MiXed",
          "public ",
          "Ünï cødé",
          "\u0001",
          "é".repeat(31),
          "n".repeat(63),
        ],
        ...[
          '"',
          '""',
          "'",
          "\\",
          "\\'",
          "$$",
          "$x$",
          "$1",
          "--",
          "/*",
          "*/",
          ";",
          "a;b",
          "{",
          "}",
          ",",
          "a,b",
          "=",
          "%s",
          "%",
        ],
        ...["a\nb", " lead", "trail ", "null", "-1", "1", "E'x'", "pg", "template", 'U&"x"', "\u202e"],
      ];
      const spec = {
        roles: names.map((name) => ({ name, encrypted_password: hash })),
        databases: names.slice(0, 12).map((name, index) => ({ name, owner: names[names.length - 1 - index] ?? name })),
      };
      const first = await apply(pg, spec);
      assert.ok(!first.log.includes(hash));
      assert.equal((await apply(pg, spec)).steps, 0);
      const found = await pg.sql(
        "postgres",
        "SELECT rolname AS name FROM pg_roles WHERE rolname !~ '^(pg_|cloud_admin$|neon_superuser$)'",
      );
      assert.deepEqual(found.map(({ name }) => name).sort(), [...names].sort());
      const deltas = names.map((name) => ({ action: "delete_role", name }));
      await apply(pg, { deltas: [...names.map((name) => ({ action: "delete_db", name })), ...deltas] });
      assert.deepEqual(await pg.sql("postgres", "SELECT FROM pg_authid WHERE rolpassword IS NOT NULL"), []);
    });

    it("names that no server takes are refused, by us before the first statement or by it with the name", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      for (const [name, message] of [
        ["é".repeat(32), /64 bytes long/],
        ["a\u0000b", /spec\.cluster\.roles\[0\]\.name/],
        ["public", /could not create role "public"/],
        ["none", /could not create role "none"/],
        ["pg_mine", /could not create role "pg_mine"/],
      ] as const) {
        const roles = [{ name, encrypted_password: hash }];
        await assert.rejects(apply(pg, { roles }), (error) => {
          assert.match(String(error), message);
          assert.ok(!inspect(error, { depth: 9 }).includes(hash));
          return true;
        });
      }
    });

    it("functions and operators that shadow those of the server (APPLY-6)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const spec = { roles: [{ name: "own" }, { name: "gone" }], databases: [{ name: "main", owner: "own" }] };
      await apply(pg, spec);
      await pg.sql(
        "main",
        `CREATE FUNCTION public.steal(pg_catalog.oid, pg_catalog.oid) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE 'shadowed'; END$$;
        CREATE OPERATOR public.= (LEFTARG = pg_catalog.oid, RIGHTARG = pg_catalog.oid, FUNCTION = public.steal);
        CREATE FUNCTION public.format(text, VARIADIC name[]) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'shadowed'; END$$;
        CREATE FUNCTION public.aclexplode(aclitem[]) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'shadowed'; END$$;
        CREATE FUNCTION public.current_setting(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'shadowed'; END$$;
        CREATE TABLE public.pg_class (a int); CREATE TABLE public.t (a int); GRANT SELECT ON public.t TO gone;
        ALTER DATABASE main SET search_path = public, pg_catalog`,
      );
      const next = {
        roles: [{ name: "own" }],
        databases: spec.databases,
        deltas: [{ action: "delete_role", name: "gone" }],
      };
      await apply(pg, next);
      assert.deepEqual(await pg.sql("postgres", "SELECT FROM pg_roles WHERE rolname = 'gone'"), []);
    });

    it("a lock that a customer holds ends the wait with the object's name, and the next apply finishes", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const spec = { roles: [{ name: "own" }], databases: [{ name: "main", owner: "own" }] };
      await apply(pg, spec);
      await pg.sql("main", "CREATE ROLE temp; CREATE TABLE public.kept (); ALTER TABLE public.kept OWNER TO temp");
      const customer = await pg.openSession({ purpose: "customer", database: "main" });
      await customer.run("BEGIN; LOCK TABLE public.kept IN ACCESS SHARE MODE");
      const next = { ...spec, deltas: [{ action: "delete_role", name: "temp" }] };
      const [code, message] = await failureOf(apply(pg, next, signal, {}, { lockMsMax: 100 }));
      assert.equal(code, "55P03");
      assert.match(message, /could not reassign what role "temp" owns to "own" in database "main"/);
      await customer.run("ROLLBACK");
      await customer.close();
      await apply(pg, next);
      assert.deepEqual(await pg.sql("postgres", "SELECT FROM pg_roles WHERE rolname = 'temp'"), []);
    });

    it("a role that owns objects in five databases goes, and its heirs have them", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const names = ["one", "two", "three", "four", "five"];
      const spec = { roles: [{ name: "own" }], databases: names.map((name) => ({ name, owner: "own" })) };
      await apply(pg, spec);
      await pg.sql("postgres", "CREATE ROLE temp");
      for (const name of names) {
        await pg.sql(
          name,
          "CREATE SCHEMA s AUTHORIZATION temp; CREATE TABLE s.t (); ALTER TABLE s.t OWNER TO temp; GRANT ALL ON SCHEMA public TO temp",
        );
      }
      await apply(pg, { ...spec, deltas: [{ action: "delete_role", name: "temp" }] });
      for (const name of names) {
        const owner = "SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname = 't'";
        assert.deepEqual(await pg.sql(name, owner), [{ owner: "own" }]);
      }
    });

    it("a connection killed in the middle fails the apply at once, and the next one finishes", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const roles = Array.from({ length: 200 }, (_, index) => ({ name: `r${index}` }));
      const spec = { roles, databases: [{ name: "main", owner: "r0" }] };
      const customer = await pg.openSession({ purpose: "customer" });
      await customer.run("BEGIN; LOCK TABLE pg_catalog.pg_auth_members IN ACCESS EXCLUSIVE MODE");
      const applying = failureOf(apply(pg, spec));
      const waiting = `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
        WHERE NOT l.granted AND a.application_name = 'compute_ctl:apply_config'`;
      while ((await customer.run(waiting)).length === 0);
      const [code, message] = await applying;
      assert.match(code ?? "", /^(57P01|08006)$/);
      assert.match(message, /could not create privileged role "neon_superuser"/);
      await customer.close();
      await apply(pg, spec);
      assert.equal((await apply(pg, spec)).steps, 0);
    });
  });
}
