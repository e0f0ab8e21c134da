import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { type OpenSession, SqlError, sqlState } from "../../src/base/sql.ts";
import { runMigrations } from "../../src/catalog/do/run-migrations.ts";
import { apply } from "./apply.ts";
import { createRecordingLog } from "./recording-log.ts";
import { majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

const signal = new AbortController().signal;

async function names(pg: TemporaryPostgres, query: string, database = "postgres"): Promise<readonly string[]> {
  return (await pg.sql(database, query)).map((row) => Object.values(row)[0] ?? "").sort();
}

const databases = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'";
const roles = "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'";

for (const major of majors) {
  describe(`traps of the original, on Postgres ${major}`, () => {
    it("T1, chapter 02 trap 11: a rename of a role keeps the role, and one whose role is gone harms nobody", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await pg.sql("postgres", "CREATE ROLE old; CREATE TABLE public.kept (); ALTER TABLE public.kept OWNER TO old");
      const deltas = [
        { action: "rename_role", name: "old", new_name: "new" },
        { action: "rename_role", name: "ghost", new_name: "spirit" },
      ];
      await apply(pg, { roles: [{ name: "new" }], deltas });
      assert.deepEqual(await names(pg, roles), ["cloud_admin", "neon_superuser", "new"]);
      assert.deepEqual(await names(pg, "SELECT tableowner FROM pg_tables WHERE tablename = 'kept'"), ["new"]);
    });

    it("T2, T8: a spec that cannot be applied is refused before the first statement", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const opened: string[] = [];
      const openSession: OpenSession = (target) => {
        opened.push(target.purpose);
        return pg.openSession(target);
      };
      const own = { roles: [{ name: "own" }], databases: [{ name: "d", owner: "own" }] };
      const deleted = { ...own, deltas: [{ action: "delete_role", name: "own" }] };
      await assert.rejects(apply({ openSession }, deleted), /owned by role "own", which a delta operation deletes/);
      const nameless = { deltas: [{ action: "rename_db", name: "a", new_name: "" }] };
      await assert.rejects(apply({ openSession }, nameless), /new_name/);
      assert.deepEqual(opened, []);
    });

    it("T3: a concurrency of 0 makes progress", { timeout: 30_000 }, async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const spec = { roles: [{ name: "own" }], databases: [{ name: "d", owner: "own" }] };
      await apply(pg, spec, signal, { concurrency: 0 });
      assert.deepEqual(await names(pg, databases), ["d"]);
    });

    it("T4: the deletions of an operation are not repeated, those of another are", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const spec = (operation: string) => ({
        deltas: [{ action: "delete_db", name: "again" }],
        members: { operation_uuid: operation },
      });
      await pg.sql("postgres", "CREATE DATABASE again");
      await apply(pg, spec("first"));
      assert.deepEqual(await names(pg, databases), []);
      await pg.sql("postgres", "CREATE DATABASE again");
      await apply(pg, spec("first"), signal, { appliedOperationUuid: "first" });
      assert.deepEqual(await names(pg, databases), ["again"]);
      await apply(pg, spec("second"), signal, { appliedOperationUuid: "first" });
      assert.deepEqual(await names(pg, databases), []);
    });

    it("T5, T6, T7: passwords in both forms settle, and options that say more than the fixed ones are taken", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const hash = "00112233445566778899aabbccddeeff";
      const option = (name: string) => ({ name, value: null, vartype: "bool" });
      const spec = {
        roles: [
          { name: "bare", encrypted_password: hash },
          { name: "prefixed", encrypted_password: `md5${hash}` },
          { name: "plain", options: [option("NOCREATEROLE"), option("LOGIN"), option("NOBYPASSRLS")] },
        ],
      };
      await apply(pg, spec);
      assert.equal((await apply(pg, spec)).steps, 0);
      const found = "SELECT rolname FROM pg_authid WHERE rolpassword = 'md500112233445566778899aabbccddeeff'";
      assert.deepEqual(await names(pg, found), ["bare", "prefixed"]);
      const plain = "SELECT rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = 'plain'";
      assert.deepEqual(await pg.sql("postgres", plain), [{ rolcreatedb: "t", rolcreaterole: "f", rolbypassrls: "f" }]);
      const injected = { roles: [{ name: "x", encrypted_password: "SCRAM-SHA-256' SUPERUSER --" }] };
      await assert.rejects(apply(pg, injected), /is not a verifier/);
      const inRole = { roles: [{ name: "x", options: [{ name: "IN ROLE", value: "cloud_admin", vartype: "enum" }] }] };
      await assert.rejects(apply(pg, inRole), /spec\.cluster\.roles\[0\]\.options\[0\]/);
    });

    it("T10: a role with something in a database outside the spec stays, and the error and a warning name the database", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await pg.sql("postgres", "CREATE ROLE holder");
      await pg.sql("postgres", "CREATE DATABASE outside");
      await pg.sql("outside", "CREATE TABLE public.t (); ALTER TABLE public.t OWNER TO holder");
      const told = createRecordingLog();
      const deltas = [{ action: "delete_role", name: "holder" }];
      await assert.rejects(apply({ openSession: pg.openSession }, { deltas }, signal, {}, {}, told), (error) => {
        assert.equal(sqlState(error), "2BP01");
        assert.ok(error instanceof Error && error.cause instanceof Error);
        assert.match(error.cause.message, /database outside/);
        return true;
      });
      assert.ok(told.lines.some((line) => /^WARN role "holder" owns or may use something in "outside"/.test(line)));
      await pg.sql("outside", "REASSIGN OWNED BY holder TO cloud_admin");
      await apply(pg, { deltas });
      assert.deepEqual(await names(pg, roles), ["cloud_admin", "neon_superuser"]);
    });

    it("T11: odd owners settle, the system database is handled once, and names holding the privileged role's are left alone", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const odd = '"quoted"';
      const spec = {
        roles: [{ name: odd }, { name: "not_neon_superuser_at_all" }],
        databases: [
          { name: "d", owner: odd },
          { name: "postgres", owner: "cloud_admin" },
        ],
      };
      const options = { privilegedRoleName: "my_superuser" };
      await apply(pg, spec, signal, options);
      assert.equal((await apply(pg, spec, signal, options)).steps, 0);
      const expected = [odd, "cloud_admin", "my_superuser", "not_neon_superuser_at_all"];
      assert.deepEqual(await names(pg, roles), expected);
      const twice = { roles: [{ name: "x" }, { name: "x" }] };
      await assert.rejects(apply(pg, twice), /listed twice/);
    });

    it("T12: a connection that breaks while the catalog is read fails the apply, and creates nothing", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, { roles: [{ name: "amy" }] });
      for (let after = 1; after <= 4; after++) {
        const openSession: OpenSession = async (target) => {
          const session = await pg.openSession(target);
          let left = after;
          const run: typeof session.run = async (sql) => {
            if (left-- === 0) throw new SqlError("the connection to Postgres broke", "08006");
            return session.run(sql);
          };
          return { run, close: session.close };
        };
        const wanted = { roles: [{ name: "amy" }, { name: "late" }] };
        await assert.rejects(apply({ openSession }, wanted), /could not read the catalog/, `after ${after}`);
      }
      assert.deepEqual(await names(pg, roles), ["amy", "cloud_admin", "neon_superuser"]);
    });

    it("T16: no session of an apply or of the migrations forwards DDL to the control plane", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const forwarding: string[] = [];
      const openSession: OpenSession = async (target) => {
        const session = await pg.openSession(target);
        const run: typeof session.run = async (sql) => {
          const rows = await session.run(sql);
          const [row] = await session.run("SELECT current_setting('neon.forward_ddl', true) AS forwards");
          forwarding.push(`${target.purpose} ${row?.["forwards"]}`);
          return rows;
        };
        return { run, close: session.close };
      };
      await apply({ openSession }, { roles: [{ name: "own" }], databases: [{ name: "d", owner: "own" }] });
      const { log } = createRecordingLog();
      const ports = { openSession, log, clock: systemClock, signal, onFailed() {}, onState() {} };
      assert.equal((await runMigrations({ privilegedRoleName: "neon_superuser" }, ports)).applied, 12);
      assert.deepEqual([...new Set(forwarding)].sort(), ["apply_config false", "migrations false"]);
    });

    it("APPLY-10: a session announces itself by its purpose", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      for (const purpose of ["apply_config", "migrations", "post_apply_config"]) {
        const session = await pg.openSession({ purpose });
        const rows = await session.run("SELECT current_setting('application_name') AS name");
        await session.close();
        assert.deepEqual(rows, [{ name: `compute_ctl:${purpose}` }]);
      }
    });

    it("T18: subscriptions outside the spec survive the cleanup, and a warning names their databases", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await pg.sql("postgres", "CREATE DATABASE outside");
      await pg.sql(
        "outside",
        "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false, slot_name = 'k')",
      );
      const { warnings } = await apply(pg, { members: { drop_subscriptions_before_start: true } });
      assert.ok(
        warnings.includes('database "outside" keeps its subscriptions: the spec does not list it'),
        `${warnings}`,
      );
      assert.deepEqual(await names(pg, "SELECT subname FROM pg_subscription"), ["s"]);
    });
  });

  describe(`requirements of the apply, on Postgres ${major}`, () => {
    it("V12: a custom privileged role takes the place of neon_superuser everywhere (APPLY-18, MIG-8)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const privilegedRoleName = "my_superuser";
      const spec = { roles: [{ name: "alice" }], databases: [{ name: "shop", owner: "alice" }] };
      await apply(pg, spec, signal, { privilegedRoleName });
      const { log } = createRecordingLog();
      const ports = { openSession: pg.openSession, log, clock: systemClock, signal, onFailed() {}, onState() {} };
      assert.equal((await runMigrations({ privilegedRoleName }, ports)).applied, 12);
      assert.deepEqual(await names(pg, roles), ["alice", "cloud_admin", "my_superuser"]);
      const memberships = `SELECT roleid::regrole || ' <- ' || member::regrole || ' ' || admin_option
        FROM pg_auth_members WHERE member::regrole::text !~ '^pg_'`;
      assert.deepEqual(await names(pg, memberships), [
        "my_superuser <- alice false",
        ...(major >= 16 ? ["pg_create_subscription <- my_superuser false"] : []),
        "pg_monitor <- my_superuser true",
        "pg_read_all_data <- my_superuser false",
        "pg_signal_backend <- my_superuser true",
        "pg_write_all_data <- my_superuser false",
      ]);
      const acls = `SELECT datacl::text FROM pg_database WHERE datname = 'shop' UNION ALL
        SELECT defaclacl::text FROM pg_default_acl UNION ALL
        SELECT proacl::text FROM pg_proc WHERE proname = 'pg_show_replication_origin_status'`;
      const found = await names(pg, acls, "shop");
      assert.equal(found.length, 4);
      for (const acl of found.filter((text) => !text.includes("=X/"))) assert.match(acl, /my_superuser=/);
      assert.doesNotMatch(found.join(), /neon_superuser/);
    });

    it("APPLY-27: a cloud_admin that the spec lists gets its password and nothing else", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const hash = "00112233445566778899aabbccddeeff";
      const admin = "SELECT rolsuper, rolpassword FROM pg_authid WHERE rolname = 'cloud_admin'";
      await apply(pg, { roles: [{ name: "cloud_admin", encrypted_password: hash }] });
      assert.deepEqual(await pg.sql("postgres", admin), [{ rolsuper: "t", rolpassword: `md5${hash}` }]);
      assert.deepEqual(await names(pg, "SELECT FROM pg_auth_members WHERE member = 'cloud_admin'::regrole"), []);
    });

    it("APPLY-29: a database with sessions is not renamed, and the error says so; without them it is, and later not again", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await pg.sql("postgres", "CREATE DATABASE busy");
      const customer = await pg.openSession({ purpose: "customer", database: "busy" });
      const spec = { deltas: [{ action: "rename_db", name: "busy", new_name: "free" }] };
      await assert.rejects(apply(pg, spec), (error) => {
        assert.equal(sqlState(error), "55006");
        assert.match(String(error), /could not rename database "busy" to "free"/);
        return true;
      });
      await customer.close();
      await apply(pg, spec);
      assert.deepEqual(await names(pg, databases), ["free"]);
      assert.equal((await apply(pg, spec)).steps, 0);
    });

    it("APPLY-32: a customer's own databases get neither schema nor grants", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await pg.sql("postgres", "CREATE ROLE customer");
      await pg.sql("postgres", "CREATE DATABASE mine OWNER customer");
      const spec = { roles: [{ name: "own" }], databases: [{ name: "d", owner: "own" }] };
      await apply(pg, spec);
      assert.deepEqual(await names(pg, "SELECT FROM pg_default_acl", "mine"), []);
      const acl = "SELECT datacl::text AS acl FROM pg_database WHERE datname = 'mine'";
      assert.deepEqual(await pg.sql("postgres", acl), [{ acl: null }]);
    });

    it("APPLY-34: a database that a leaving role owns goes to an owner of the spec or to cloud_admin, never with it", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const spec = { roles: [{ name: "own" }], databases: [{ name: "d", owner: "own" }] };
      await apply(pg, spec);
      await pg.sql("postgres", "CREATE ROLE leaving");
      await pg.sql("postgres", "CREATE DATABASE theirs OWNER leaving");
      await apply(pg, { ...spec, deltas: [{ action: "delete_role", name: "leaving" }] });
      const owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'theirs'";
      assert.match((await names(pg, owner)).join(), /^(own|cloud_admin)$/);
      assert.deepEqual(await names(pg, roles), ["cloud_admin", "neon_superuser", "own"]);
    });

    it("APPLY-11, APPLY-22: a failing step undoes none of those before it, and none after it is begun", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const spec = { roles: [{ name: "one" }, { name: "two" }], databases: [{ name: "d", owner: "ghost" }] };
      await assert.rejects(apply(pg, spec), /could not create database "d"/);
      assert.deepEqual(await names(pg, roles), ["cloud_admin", "neon_superuser", "one", "two"]);
      const later = "SELECT nspname FROM pg_namespace WHERE nspname = 'neon'";
      assert.deepEqual(await names(pg, later), []);
    });
  });
}
