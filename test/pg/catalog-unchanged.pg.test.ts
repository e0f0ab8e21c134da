import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OpenSession } from "../../src/base/sql.ts";
import { scramVerifier } from "../../src/catalog/do/test-verifier.ts";
import { apply } from "./apply.ts";
import { majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

const spec = {
  roles: [{ name: "alice", encrypted_password: scramVerifier("secret") }],
  databases: ["one", "two", "three"].map((name) => ({ name, owner: "alice" })),
};
const signal = new AbortController().signal;

/** Sessions of a server, and in which databases they were opened. */
function watchSessions({ openSession }: TemporaryPostgres): { openSession: OpenSession; opened: string[] } {
  const opened: string[] = [];
  const watched: OpenSession = (target) => {
    opened.push(target.database ?? "system");
    return openSession(target);
  };
  return { openSession: watched, opened };
}

async function walPosition(pg: TemporaryPostgres): Promise<string | null | undefined> {
  return (await pg.sql("postgres", "SELECT pg_current_wal_insert_lsn() AS lsn"))[0]?.["lsn"];
}

for (const major of majors) {
  describe(`an unchanged spec on Postgres ${major}`, () => {
    it("writes no WAL, whether the databases are visited or not", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const verified = new Map<string, string>();
      await apply(pg, spec, signal, { verified });
      await apply(pg, spec);
      // The server itself writes a line now and then, but not each time.
      const quiet = async (again: () => Promise<unknown>): Promise<boolean> => {
        for (let tries = 0; tries < 10; tries++) {
          const before = await walPosition(pg);
          await again();
          if ((await walPosition(pg)) === before) return true;
        }
        return false;
      };
      assert.ok(await quiet(() => apply(pg, spec)));
      assert.ok(await quiet(() => apply(pg, spec, signal, { verified })));
    });

    it("needs no session in databases that were seen to be right, until their grants or wishes change", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const verified = new Map<string, string>();
      const visited = async (sample: typeof spec): Promise<readonly string[]> => {
        const { openSession, opened } = watchSessions(pg);
        await apply({ openSession }, sample, signal, { verified });
        return opened.filter((name) => name !== "system").sort();
      };
      assert.deepEqual(await visited(spec), ["one", "three", "two"]);
      assert.deepEqual(await visited(spec), []);

      await pg.sql("two", "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM neon_superuser");
      assert.deepEqual(await visited(spec), ["two"]);
      await pg.sql("one", "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
      assert.deepEqual(await visited(spec), ["one"]);
      await pg.sql("postgres", "DROP DATABASE three");
      await pg.sql("postgres", "CREATE DATABASE three OWNER alice");
      assert.deepEqual(await visited(spec), ["three"]);
      assert.deepEqual(await visited(spec), []);

      const [first, ...others] = spec.databases;
      const moved = {
        roles: [...spec.roles, { name: "bob", encrypted_password: scramVerifier("other") }],
        databases: [{ name: first?.name ?? "", owner: "bob" }, ...others],
      };
      assert.deepEqual(await visited(moved), ["one"]);
      await pg.sql("postgres", "CREATE ROLE web_access");
      const open = major >= 15 ? ["one", "three", "two"] : [];
      assert.deepEqual([await visited(moved), await visited(moved)], [open, open]);
    });
  });

  describe(`passwords on Postgres ${major}`, () => {
    const empty = scramVerifier("");
    const sample = {
      roles: [
        ...Array.from({ length: 120 }, (_, index) => ({ name: `r${index}`, encrypted_password: scramVerifier("x") })),
        { name: "o'k\\ \"$x$", encrypted_password: scramVerifier("y") },
        { name: "hashed", encrypted_password: "00112233445566778899aabbccddeeff" },
        { name: "empty", encrypted_password: empty },
        { name: "without" },
      ],
    };
    const roles = `SELECT r.rolname, r.rolpassword, r.rolcanlogin, r.rolcreatedb, m.admin_option
      FROM pg_authid r LEFT JOIN pg_auth_members m ON m.member = r.oid WHERE r.rolname !~ '^pg_' ORDER BY 1, 2`;

    it("written to the catalog leave what statements leave, with the empty one cleared", async (t) => {
      const [plain, direct] = [await startTemporaryPostgres(t, major), await startTemporaryPostgres(t, major)];
      const told = await apply(plain, sample);
      const alsoTold = await apply(direct, sample, signal, { writePasswordsDirectly: true });
      assert.deepEqual(await direct.sql("postgres", roles), await plain.sql("postgres", roles));
      for (const { log } of [told, alsoTold]) assert.doesNotMatch(log, /SCRAM-SHA-256\$4096/);
      const cleared = await direct.sql("postgres", "SELECT rolpassword AS p FROM pg_authid WHERE rolname = 'empty'");
      assert.deepEqual(cleared, [{ p: null }]);

      const changed = { roles: [{ name: "r1", encrypted_password: scramVerifier("new") }, { name: "without" }] };
      assert.equal((await apply(direct, changed, signal, { writePasswordsDirectly: true })).steps, 1);
      assert.equal((await apply(direct, changed)).steps, 0);
    });

    it("fall back to statements when a batch cannot be written, and keep those before the failing one", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      const broken = [
        { name: "first", encrypted_password: scramVerifier("x") },
        { name: "pg_no", encrypted_password: scramVerifier("z") },
      ];
      const options = { writePasswordsDirectly: true };
      await assert.rejects(apply(pg, { roles: broken }, signal, options), (error) => {
        assert.match(String(error), /could not create role "pg_no"/);
        assert.doesNotMatch(JSON.stringify(error), /4096/);
        return true;
      });
      assert.equal(
        (await pg.sql("postgres", "SELECT FROM pg_authid WHERE rolname = 'first' AND rolpassword ~ '^SCRAM'")).length,
        1,
      );
    });
  });
}
