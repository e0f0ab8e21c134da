import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { sqlState } from "../../src/base/sql.ts";
import { apply } from "./apply.ts";
import { majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

const hash = "00112233445566778899aabbccddeeff";
const scram =
  "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2E=$c3RvcmVkc3RvcmVkc3RvcmVkc3RvcmVkc3RvcmVkc3Q=:c2VydmVyc2VydmVyc2VydmVyc2VydmVyc2VydmVyc2U=";
const weird = 'we"ird $x$';
const bob = 'Bob "B"';
const jwks = { id: "1", role_names: ["jwt_anon"], jwks_url: "http://jwks", provider_name: "p", jwt_audience: null };
const firstSpec = {
  roles: [{ name: "alice", encrypted_password: hash }, { name: bob }, { name: "jwt_anon" }],
  databases: [
    { name: "shop", owner: "alice" },
    {
      name: weird,
      owner: bob,
      options: [
        { name: "LC_COLLATE", value: "C", vartype: "string" },
        { name: "LC_CTYPE", value: "C", vartype: "string" },
        { name: "TEMPLATE", value: "template0", vartype: "enum" },
      ],
    },
  ],
  members: { local_proxy_config: { jwks: [jwks] } },
};

/** The values of the only column, sorted. */
async function column(pg: TemporaryPostgres, database: string, query: string): Promise<readonly (string | null)[]> {
  const rows = await pg.sql(database, query);
  return rows.map((row) => Object.values(row)[0] ?? null).sort();
}

async function value(pg: TemporaryPostgres, database: string, query: string): Promise<string | null> {
  const values = await column(pg, database, query);
  assert.equal(values.length, 1, query);
  return values[0] ?? null;
}

for (const major of majors) {
  const start = (t: TestContext) => startTemporaryPostgres(t, major);
  const allTable = major >= 17 ? "arwdDxtm" : "arwdDxt";
  const grantable = [...allTable].map((letter) => `${letter}*`).join("");

  describe(`the catalog of Postgres ${major}`, () => {
    it("V1: has the roles and databases of the spec, and a second apply plans nothing", async (t) => {
      const pg = await start(t);
      const applied = await apply(pg, firstSpec);
      assert.equal(applied.log.includes(hash), false);
      const attributes = `SELECT pg_catalog.concat_ws(' ', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb,
        rolcanlogin, rolreplication, rolbypassrls, rolconnlimit) FROM pg_roles WHERE rolname !~ '^pg_'`;
      assert.deepEqual(await column(pg, "postgres", attributes), [
        `${bob} f t t t t t t -1`,
        "alice f t t t t t t -1",
        "cloud_admin t t t t t t t -1",
        "jwt_anon f t f f t f f -1",
        "neon_superuser f t t t f t t -1",
      ]);
      const passwords = "SELECT rolname || ' ' || rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL";
      assert.deepEqual(await column(pg, "postgres", passwords), [`alice md5${hash}`]);
      const members = `SELECT roleid::regrole || ' <- ' || member::regrole || ' ' || admin_option
        FROM pg_auth_members WHERE member::regrole::text !~ '^pg_'`;
      assert.deepEqual(await column(pg, "postgres", members), [
        'neon_superuser <- "Bob ""B""" false',
        "neon_superuser <- alice false",
        "pg_read_all_data <- neon_superuser false",
        "pg_write_all_data <- neon_superuser false",
      ]);
      const databases =
        "SELECT datname || ' ' || datacl::text || ' ' || datconnlimit FROM pg_database WHERE datacl IS NOT NULL AND NOT datistemplate";
      assert.deepEqual(await column(pg, "postgres", databases), [
        "shop {=Tc/alice,alice=CTc/alice,neon_superuser=CTc/alice} -1",
        `${weird} {"=Tc/\\"Bob \\"\\"B\\"\\"\\"","\\"Bob \\"\\"B\\"\\"\\"=CTc/\\"Bob \\"\\"B\\"\\"\\"","neon_superuser=CTc/\\"Bob \\"\\"B\\"\\"\\""} -1`,
      ]);
      const publicSchema = "SELECT nspowner::regrole || ' ' || nspacl::text FROM pg_namespace WHERE nspname = 'public'";
      assert.equal(
        await value(pg, "shop", publicSchema),
        major >= 15
          ? "pg_database_owner {pg_database_owner=UC/pg_database_owner,=U/pg_database_owner}"
          : "alice {alice=UC/alice,=UC/alice}",
      );
      const defaults = `SELECT concat_ws(' ', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype,
        defaclacl::text) FROM pg_default_acl`;
      assert.deepEqual(await column(pg, "shop", defaults), [
        "cloud_admin public S {neon_superuser=r*w*U*/cloud_admin}",
        `cloud_admin public r {neon_superuser=${grantable}/cloud_admin}`,
      ]);
      assert.deepEqual(await column(pg, "postgres", defaults), []);
      assert.deepEqual(await column(pg, "template1", defaults), []);
      const schema =
        "SELECT nspowner::regrole || ' ' || coalesce(nspacl::text, 'null') FROM pg_namespace WHERE nspname = 'neon'";
      assert.equal(await value(pg, "postgres", schema), "cloud_admin null");
      assert.deepEqual(await column(pg, "postgres", "SELECT id FROM public.health_check"), ["1"]);

      // Whatever writes takes a transaction id first.
      const nextTransaction = "SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())";
      const before = await value(pg, "postgres", nextTransaction);
      assert.equal((await apply(pg, firstSpec)).steps, 0);
      assert.equal(await value(pg, "postgres", nextTransaction), before);
    });

    it("V2: renames and deletes what the deltas say, with all that the roles left behind", async (t) => {
      const pg = await start(t);
      const ro = "ro '); $$ %I";
      await apply(pg, {
        ...firstSpec,
        roles: [...firstSpec.roles, { name: "temp$x$" }],
        databases: [...firstSpec.databases, { name: "tpl", owner: "alice" }],
      });
      await pg.sql("postgres", "ALTER DATABASE tpl WITH IS_TEMPLATE true");
      await pg.sql(
        "shop",
        `CREATE TABLE public.ext_t (); CREATE SEQUENCE public.ext_s;
        SET SESSION AUTHORIZATION alice;
        CREATE ROLE "${ro}"; GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${ro}";
        GRANT USAGE ON SEQUENCE public.ext_s TO "${ro}";
        RESET SESSION AUTHORIZATION;
        GRANT CREATE ON SCHEMA public TO "temp$x$", alice;
        SET SESSION AUTHORIZATION alice; CREATE TABLE public.mine ();
        SET SESSION AUTHORIZATION "temp$x$"; CREATE TABLE public.tt ();
        RESET SESSION AUTHORIZATION;
        CREATE SCHEMA s AUTHORIZATION "temp$x$"; CREATE TABLE s.z (); ALTER TABLE s.z OWNER TO "temp$x$"`,
      );
      await pg.sql(weird, `CREATE TABLE public.w (); GRANT SELECT ON public.w TO "${ro}", "temp$x$"`);
      const grants = "SELECT relacl::text FROM pg_class WHERE relname = 'ext_t'";
      assert.match((await value(pg, "shop", grants)) ?? "", /=r\/neon_superuser/);

      const spec = {
        roles: [{ name: bob }, { name: "jwt_anon" }],
        databases: [
          { name: "store", owner: bob },
          { name: weird, owner: bob },
        ],
        deltas: [
          { action: "rename_db", name: "shop", new_name: "store" },
          { action: "delete_db", name: "tpl" },
          { action: "delete_db", name: "nope" },
          ...[ro, "temp$x$", "alice", "ghost"].map((name) => ({ action: "delete_role", name })),
        ],
      };
      await apply(pg, spec);
      const roles = "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'";
      assert.deepEqual(await column(pg, "postgres", roles), [bob, "cloud_admin", "jwt_anon", "neon_superuser"]);
      const databases = "SELECT datname FROM pg_database WHERE NOT datistemplate";
      assert.deepEqual(await column(pg, "postgres", databases), ["postgres", "store", weird]);
      const grantees = `SELECT DISTINCT coalesce(grantee::regrole::text, '') FROM pg_database, aclexplode(datacl)
        WHERE datname = 'store' AND grantee <> 0`;
      assert.deepEqual(await column(pg, "postgres", grantees), ['"Bob ""B"""', "neon_superuser"]);
      const owned = `SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = '${bob}' UNION ALL
        SELECT nspname FROM pg_namespace WHERE pg_get_userbyid(nspowner) = '${bob}'`;
      assert.deepEqual(await column(pg, "store", owned), ["mine", ...(major >= 15 ? [] : ["public"]), "s", "tt", "z"]);
      assert.equal(
        await value(pg, "store", grants),
        `{cloud_admin=${allTable}/cloud_admin,neon_superuser=${grantable}/cloud_admin}`,
      );
      assert.equal((await apply(pg, spec)).steps, 0);
    });

    it("T9: revokes what an ordinary role passed on, in any schema, and keeps the grants of others", async (t) => {
      const pg = await start(t);
      await apply(pg, { roles: [{ name: "own" }], databases: [{ name: "d", owner: "own" }] });
      await pg.sql(
        "d",
        `CREATE ROLE middle; CREATE ROLE leaf; CREATE ROLE below; CREATE ROLE stays;
        CREATE SCHEMA inner_s; GRANT USAGE ON SCHEMA inner_s TO middle, leaf;
        CREATE TABLE public.foreign_t (); CREATE TABLE inner_s.t (c int);
        GRANT SELECT ON inner_s.t TO middle WITH GRANT OPTION; GRANT UPDATE (c) ON inner_s.t TO middle WITH GRANT OPTION;
        SET SESSION AUTHORIZATION middle;
        GRANT SELECT ON inner_s.t TO leaf WITH GRANT OPTION; GRANT SELECT ON inner_s.t TO stays;
        GRANT UPDATE (c) ON inner_s.t TO leaf;
        SET SESSION AUTHORIZATION leaf; GRANT SELECT ON inner_s.t TO below`,
      );
      await apply(pg, {
        roles: [{ name: "own" }],
        databases: [{ name: "d", owner: "own" }],
        deltas: [{ action: "delete_role", name: "leaf" }],
      });
      const acl = "SELECT relacl::text FROM pg_class WHERE relname = 't'";
      assert.equal(
        await value(pg, "d", acl),
        `{cloud_admin=${allTable}/cloud_admin,middle=r*/cloud_admin,stays=r/middle}`,
      );
    });

    it("V3, V4, V17: sets passwords that differ, and leaves all else of a role alone", async (t) => {
      const pg = await start(t);
      await pg.sql(
        "postgres",
        `CREATE ROLE ext_user LOGIN; CREATE ROLE erased LOGIN PASSWORD 'md5${hash}';
        CREATE ROLE old LOGIN CREATEDB PASSWORD 'md5${hash}'; GRANT pg_monitor TO old`,
      );
      const oid = await value(pg, "postgres", "SELECT oid FROM pg_roles WHERE rolname = 'old'");
      const spec = {
        roles: [
          { name: "ext_user", encrypted_password: scram },
          { name: "erased", encrypted_password: null },
          { name: "new", encrypted_password: hash },
          { name: "plain", encrypted_password: `md5${hash}` },
        ],
        deltas: [{ action: "rename_role", name: "old", new_name: "new" }],
      };
      await apply(pg, spec);
      const roles = `SELECT concat_ws(' ', rolname, rolcreatedb, coalesce(rolpassword, 'null')) FROM pg_authid
        WHERE rolname IN ('ext_user', 'erased', 'old', 'new', 'plain')`;
      assert.deepEqual(await column(pg, "postgres", roles), [
        "erased f null",
        `ext_user f ${scram}`,
        `new t md5${hash}`,
        `plain t md5${hash}`,
      ]);
      assert.equal(await value(pg, "postgres", "SELECT oid FROM pg_roles WHERE rolname = 'new'"), oid);
      const memberships = `SELECT roleid::regrole || ' <- ' || member::regrole FROM pg_auth_members
        WHERE member::regrole::text IN ('ext_user', 'new')`;
      assert.deepEqual(await column(pg, "postgres", memberships), ["pg_monitor <- new"]);
      assert.equal((await apply(pg, spec)).steps, 0);
    });

    it("V5: drops invalid databases, and makes those of the spec anew", async (t) => {
      const pg = await start(t);
      await pg.sql("postgres", "CREATE DATABASE inv");
      await pg.sql("postgres", "CREATE DATABASE left_over");
      await pg.sql("postgres", "UPDATE pg_database SET datconnlimit = -2 WHERE datname IN ('inv', 'left_over')");
      await apply(pg, { databases: [{ name: "inv", owner: "cloud_admin" }] });
      const databases =
        "SELECT concat_ws(' ', datname, datconnlimit, datacl::text) FROM pg_database WHERE NOT datistemplate";
      assert.deepEqual(await column(pg, "postgres", databases), [
        "inv -1 {=Tc/cloud_admin,cloud_admin=CTc/cloud_admin,neon_superuser=CTc/cloud_admin}",
        "postgres -1",
      ]);
    });

    it("V6: gives a database without connections its owner, and can delete it", async (t) => {
      const pg = await start(t);
      await pg.sql("postgres", "CREATE DATABASE ro ALLOW_CONNECTIONS false");
      const applied = await apply(pg, { roles: [{ name: bob }], databases: [{ name: "ro", owner: bob }] });
      assert.match(applied.warnings.join(), /"ro" takes no connections/);
      const found =
        "SELECT concat_ws(' ', pg_get_userbyid(datdba), datallowconn, datacl::text) FROM pg_database WHERE datname = 'ro'";
      assert.equal(await value(pg, "postgres", found), `${bob} f`);
      await apply(pg, { roles: [{ name: bob }], deltas: [{ action: "delete_db", name: "ro" }] });
      assert.deepEqual(await column(pg, "postgres", found), []);
    });

    it("V7, V8: lets web_access create in public, and does without a schema public", async (t) => {
      const pg = await start(t);
      await pg.sql("postgres", "CREATE ROLE web_access; CREATE ROLE own");
      await pg.sql("postgres", "CREATE DATABASE bare");
      await pg.sql("bare", "DROP SCHEMA public CASCADE");
      const spec = {
        databases: [
          { name: "web", owner: "own" },
          { name: "bare", owner: "own" },
        ],
      };
      await apply(pg, spec);
      const acl = "SELECT nspacl::text FROM pg_namespace WHERE nspname = 'public'";
      const granted = /web_access=C\/pg_database_owner/.test((await value(pg, "web", acl)) ?? "");
      assert.equal(granted, major >= 15);
      assert.deepEqual(await column(pg, "bare", "SELECT defaclacl::text FROM pg_default_acl"), []);
      assert.equal((await apply(pg, spec)).steps, 0);
    });

    it("V9, T19: drops subscriptions once on each timeline, and those of databases that go", async (t) => {
      const pg = await start(t);
      const spec = (timeline: string, deltas: readonly object[] = []) => ({
        roles: [{ name: bob }],
        databases: [{ name: "sub1", owner: bob }],
        deltas,
        members: { drop_subscriptions_before_start: true, timeline_id: timeline },
      });
      const subscribe = (database: string, name: string) =>
        pg.sql(
          database,
          `CREATE SUBSCRIPTION "${name}" CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false, slot_name = 'kept')`,
        );
      await pg.sql("postgres", "CREATE DATABASE sub1");
      await pg.sql("postgres", "CREATE DATABASE sub2");
      await subscribe("sub1", "a; $x$");
      await subscribe("sub2", "b");
      const subscriptions = "SELECT subname FROM pg_subscription";
      const done = "SELECT id || ' ' || timeline_id FROM neon.drop_subscriptions_done";
      const [first, second] = ["aaaabbbbccccddddeeeeffff00001111", "aaaabbbbccccddddeeeeffff00002222"];

      await apply(pg, spec(first));
      assert.deepEqual(await column(pg, "postgres", subscriptions), ["b"]);
      assert.deepEqual(await column(pg, "postgres", done), [`1 ${first}`]);
      await subscribe("sub1", "later");
      assert.equal((await apply(pg, spec(first))).steps, 0);
      assert.deepEqual(await column(pg, "postgres", subscriptions), ["b", "later"]);
      await apply(pg, spec(second));
      assert.deepEqual(await column(pg, "postgres", subscriptions), ["b"]);
      assert.deepEqual(await column(pg, "postgres", done), [`1 ${second}`]);

      await pg.sql("postgres", "ALTER DATABASE sub2 ALLOW_CONNECTIONS false");
      await apply(pg, spec(second, [{ action: "delete_db", name: "sub2" }]));
      assert.deepEqual(await column(pg, "postgres", subscriptions), []);
    });

    it("V10: is not disturbed by a customer's settings and operators", async (t) => {
      const pg = await start(t);
      await apply(pg, { roles: [{ name: "dave" }], databases: [{ name: "main", owner: "dave" }] });
      await pg.sql(
        "postgres",
        `ALTER DATABASE main SET role = dave; ALTER DATABASE main SET default_transaction_read_only = on;
        ALTER DATABASE main SET search_path = public; ALTER DATABASE main SET statement_timeout = 1`,
      );
      await pg.sql(
        "main",
        `RESET ROLE; ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM neon_superuser;
        CREATE FUNCTION public.never(name, text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE 'shadowed'; END$$;
        CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = public.never)`,
      );
      const spec = { roles: [{ name: "dave" }], databases: [{ name: "main", owner: "dave" }] };
      assert.equal((await apply(pg, spec)).steps, 1);
      assert.equal((await apply(pg, spec)).steps, 0);
    });

    it("V21: names step and object of a failure, and carries its SQLSTATE", async (t) => {
      const pg = await start(t);
      const failure = async (sample: Parameters<typeof apply>[1], code: string, message: RegExp) => {
        await assert.rejects(apply(pg, sample), (error) => {
          assert.equal(sqlState(error), code);
          assert.match(String(error), message);
          return true;
        });
      };
      await failure({ databases: [{ name: "d", owner: "ghost" }] }, "42704", /could not create database "d"/);
      await pg.sql("postgres", "CREATE DATABASE a");
      await pg.sql("postgres", "CREATE DATABASE b");
      const rename = { deltas: [{ action: "rename_db", name: "a", new_name: "b" }] };
      await failure(rename, "42P04", /could not rename database "a" to "b"/);
      await pg.sql("postgres", "CREATE ROLE holder");
      await pg.sql("a", "CREATE TABLE public.t (); ALTER TABLE public.t OWNER TO holder");
      await failure({ deltas: [{ action: "delete_role", name: "holder" }] }, "2BP01", /could not drop role "holder"/);
    });

    it("keeps the steps before a failing one of the same batch", async (t) => {
      const pg = await start(t);
      const roles = [{ name: "one" }, { name: "pg_reserved" }, { name: "three" }];
      await assert.rejects(apply(pg, { roles }), /could not create role "pg_reserved"/);
      const created = "SELECT rolname FROM pg_roles WHERE rolname IN ('one', 'three')";
      assert.deepEqual(await column(pg, "postgres", created), ["one"]);
    });

    it("works with hostile names (APPLY-12, APPLY-13)", async (t) => {
      const pg = await start(t);
      const names = [
        "sp ace",
        "tab\t",
        "🦦",
        "%20",
        "\"'",
        "\\",
        ";",
        "$",
        "$$",
        "$x$",
        "x",
        "xx",
        "%I",
        "#&=",
        "n".repeat(63),
      ];
      const roles = names.map((name) => ({ name }));
      const spec = { roles, databases: names.map((name) => ({ name, owner: name })) };
      await apply(pg, spec);
      assert.equal((await apply(pg, spec)).steps, 0);
      const owned = "SELECT datname FROM pg_database WHERE datname = pg_get_userbyid(datdba)";
      assert.deepEqual(await column(pg, "postgres", owned), [...names].sort());
      const deltas = names.flatMap((name) => [
        { action: "delete_db", name },
        { action: "delete_role", name },
      ]);
      await apply(pg, { deltas });
      assert.deepEqual(await column(pg, "postgres", owned), []);
      assert.equal((await apply(pg, { deltas })).steps, 0);
    });
  });
}
