import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { type OpenSession, SqlError } from "../../src/base/sql.ts";
import { type MigrationInput, runMigrations } from "../../src/catalog/do/run-migrations.ts";
import { migrations } from "../../src/catalog/migrations/list.ts";
import type { MigrationState } from "../../src/catalog/migrations/state.ts";
import { apply } from "./apply.ts";
import { createRecordingLog } from "./recording-log.ts";
import { majors, startTemporaryPostgres, type TemporaryPostgres } from "./temporary-postgres.ts";

interface Outcome {
  readonly state: MigrationState;
  readonly failures: readonly number[];
  readonly lines: readonly string[];
}

/** Runs the migrations. */
async function migrate(
  { openSession }: { readonly openSession: OpenSession },
  options: Partial<MigrationInput> & { readonly signal?: AbortSignal } = {},
): Promise<Outcome> {
  const { signal = new AbortController().signal, ...input } = options;
  const failures: number[] = [];
  const { log, lines } = createRecordingLog();
  const onFailed = (id: number): void => {
    failures.push(id);
  };
  const ports = { openSession, log, clock: systemClock, signal, onFailed, onState: () => {} };
  const state = await runMigrations({ privilegedRoleName: "neon_superuser", retryMs: 1, ...input }, ports);
  return { state, failures, lines };
}

async function stored(pg: TemporaryPostgres): Promise<string | null | undefined> {
  return (await pg.sql("postgres", "SELECT id FROM neon_migration.migration_id"))[0]?.["id"];
}

async function rowCounts(pg: TemporaryPostgres, queries: readonly string[]): Promise<readonly number[]> {
  const counts: number[] = [];
  for (const query of queries) counts.push((await pg.sql("postgres", query)).length);
  return counts;
}

/** All of the roles, memberships and function grants that migrations can touch. */
async function fingerprint(pg: TemporaryPostgres): Promise<string> {
  const queries = [
    "SELECT r::text AS text FROM pg_roles r ORDER BY 1",
    "SELECT concat_ws(' ', roleid::regrole, member::regrole, admin_option) AS text FROM pg_auth_members ORDER BY 1",
    "SELECT oid::regprocedure || ' ' || proacl::text AS text FROM pg_proc WHERE proacl IS NOT NULL ORDER BY 1",
    "SELECT d::text AS text FROM pg_default_acl d ORDER BY 1",
  ];
  const texts: (string | null | undefined)[] = [];
  for (const query of queries) texts.push(...(await pg.sql("postgres", query)).map((row) => row["text"]));
  return texts.join("\n");
}

const member = (role: string, admin: boolean): string => `SELECT FROM pg_auth_members
  WHERE roleid::regrole::text = '${role}' AND member::regrole::text = 'neon_superuser' AND admin_option = ${admin}`;
const executable = (name: string): string => `SELECT FROM pg_proc, aclexplode(proacl)
  WHERE proname = '${name}' AND grantee = 'neon_superuser'::regrole AND privilege_type = 'EXECUTE'`;

/** For each migration with effect: how to take the catalog back to before it, and queries that have one row only after it. */
const effects: readonly {
  readonly id: number;
  readonly what: string;
  readonly since?: number;
  readonly before: string;
  readonly after: readonly string[];
}[] = [
  {
    id: 1,
    what: "lets the privileged role pass by row-level security",
    before: "ALTER ROLE neon_superuser NOBYPASSRLS",
    after: ["SELECT FROM pg_roles WHERE rolname = 'neon_superuser' AND rolbypassrls"],
  },
  {
    id: 2,
    what: "has members inherit and others not bypass row-level security (V19)",
    before: "ALTER ROLE loner BYPASSRLS; ALTER ROLE member1 NOINHERIT BYPASSRLS; ALTER ROLE neon_superuser NOINHERIT",
    after: [
      "SELECT FROM pg_roles WHERE rolname = 'loner' AND NOT rolbypassrls",
      "SELECT FROM pg_roles WHERE rolname = 'member1' AND rolinherit AND rolbypassrls",
      "SELECT FROM pg_roles WHERE rolname = 'neon_superuser' AND rolinherit",
    ],
  },
  {
    id: 3,
    what: "lets the privileged role create subscriptions",
    since: 16,
    before: "REVOKE pg_create_subscription FROM neon_superuser",
    after: [member("pg_create_subscription", false)],
  },
  {
    id: 4,
    what: "lets the privileged role monitor, and let others do so",
    before: "REVOKE pg_monitor FROM neon_superuser",
    after: [member("pg_monitor", true)],
  },
  {
    id: 10,
    what: "lets the privileged role export and log snapshots",
    since: 16,
    before: `REVOKE EXECUTE ON FUNCTION pg_export_snapshot() FROM neon_superuser;
      REVOKE EXECUTE ON FUNCTION pg_log_standby_snapshot() FROM neon_superuser`,
    after: [executable("pg_export_snapshot"), executable("pg_log_standby_snapshot")],
  },
  {
    id: 11,
    what: "lets the privileged role see replication origins",
    before: "REVOKE EXECUTE ON FUNCTION pg_show_replication_origin_status() FROM neon_superuser",
    after: [executable("pg_show_replication_origin_status")],
  },
  {
    id: 12,
    what: "lets the privileged role end sessions, and let others do so",
    before: "REVOKE pg_signal_backend FROM neon_superuser",
    after: [member("pg_signal_backend", true)],
  },
];

for (const major of majors) {
  describe(`migrations on Postgres ${major}`, () => {
    it("are each tested alone, from a catalog as it was before (MIG-3, MIG-4, V19)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, {});
      await pg.sql("postgres", "CREATE ROLE loner BYPASSRLS; CREATE ROLE member1 BYPASSRLS IN ROLE neon_superuser");
      assert.equal((await migrate(pg)).state.applied, 12);
      const goBackTo = (id: number) => pg.sql("postgres", `UPDATE neon_migration.migration_id SET id = ${id}`);
      for (const { id } of migrations) {
        const effect = effects.find((each) => each.id === id && major >= (each.since ?? 0));
        if (effect === undefined) {
          await t.test(`number ${id} changes nothing but the stored number`, async () => {
            await goBackTo(id - 1);
            const before = await fingerprint(pg);
            const { state, lines } = await migrate(pg, { failing: id + 1 });
            assert.deepEqual([state.applied, await stored(pg)], [id, String(id)]);
            assert.equal(lines[0], `INFO Skipping migration id=${id} {}`);
            assert.equal(await fingerprint(pg), before);
          });
          continue;
        }
        await t.test(`number ${id} ${effect.what}, and does nothing more when run again`, async () => {
          await pg.sql("postgres", effect.before);
          assert.ok((await rowCounts(pg, effect.after)).includes(0), "the catalog is as it was before");
          const seen: string[] = [];
          for (let run = 0; run < 2; run++) {
            await goBackTo(id - 1);
            assert.equal((await migrate(pg, { failing: id + 1 })).state.applied, id);
            assert.deepEqual(await rowCounts(pg, effect.after), Array(effect.after.length).fill(1));
            seen.push(await fingerprint(pg));
          }
          assert.equal(seen[0], seen[1]);
        });
      }
    });

    it("V1: leave what the chapter says, and say what they do (MIG-2, MIG-3, MIG-6)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, { roles: [{ name: "alice" }] });
      const { state, lines } = await migrate(pg);
      assert.deepEqual(state, { applied: 12, total: 12 });
      const skipped = major >= 16 ? [5, 6, 7, 8, 9] : [3, 5, 6, 7, 8, 9, 10];
      assert.deepEqual(
        lines.filter((line) => line.startsWith("INFO Skipping")),
        skipped.map((id) => `INFO Skipping migration id=${id} {}`),
      );
      assert.equal(lines[0], 'INFO Running migration id=1:\nALTER ROLE "neon_superuser" BYPASSRLS\n {}');
      assert.equal(lines[1], "INFO Finished migration id=1 {}");
      const schema = "SELECT nspacl::text AS acl FROM pg_namespace WHERE nspname = 'neon_migration'";
      assert.equal((await pg.sql("postgres", schema))[0]?.["acl"], "{cloud_admin=UC/cloud_admin}");
      assert.deepEqual(await pg.sql("postgres", "SELECT key, id FROM neon_migration.migration_id"), [
        { key: "0", id: "12" },
      ]);
      const functions = `SELECT proname || ' ' || coalesce(proacl::text, 'null') AS acl FROM pg_proc WHERE proname IN
        ('pg_export_snapshot', 'pg_log_standby_snapshot', 'pg_show_replication_origin_status') ORDER BY 1`;
      const restricted = "{cloud_admin=X/cloud_admin,neon_superuser=X/cloud_admin}";
      assert.deepEqual(
        (await pg.sql("postgres", functions)).map((row) => row["acl"]),
        [
          major >= 16
            ? "pg_export_snapshot {=X/cloud_admin,cloud_admin=X/cloud_admin,neon_superuser=X/cloud_admin}"
            : "pg_export_snapshot null",
          ...(major >= 16 ? [`pg_log_standby_snapshot ${restricted}`] : []),
          `pg_show_replication_origin_status ${restricted}`,
        ],
      );
      if (major >= 16) {
        const grants = `SELECT count(*)::text AS odd FROM pg_auth_members WHERE member = 'neon_superuser'::regrole
          AND NOT (inherit_option AND set_option AND grantor = 10)`;
        assert.equal((await pg.sql("postgres", grants))[0]?.["odd"], "0");
      }
    });

    it("V18: stop at the first failure, go on from there, and leave a later position alone (MIG-7)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, {});
      const { state, failures, lines } = await migrate(pg, { failing: 4 });
      assert.equal(state.applied, 3);
      assert.equal(state.failed?.id, 4);
      assert.deepEqual(failures, [4]);
      assert.match(lines.at(-1) ?? "", /^ERROR Failed to run migration id=4: migration 4 was configured to fail/);
      assert.equal(await stored(pg), "3");
      assert.equal((await pg.sql("postgres", member("pg_monitor", true))).length, 0);
      assert.deepEqual((await migrate(pg)).state, { applied: 12, total: 12 });
      assert.equal(await stored(pg), "12");
      await pg.sql("postgres", "UPDATE neon_migration.migration_id SET id = 40");
      const later = await migrate(pg);
      assert.deepEqual([later.state, later.lines], [{ applied: 40, total: 12 }, []]);
    });

    it("fail without a count when their position cannot be read (MIG-4)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, {});
      await migrate(pg);
      await pg.sql("postgres", "INSERT INTO neon_migration.migration_id VALUES (1, 5)");
      const { state, failures } = await migrate(pg);
      assert.deepEqual(failures, []);
      assert.match(state.failed?.error ?? "", /must hold one row/);
    });

    it("are tried again from the stored position when the connection breaks anywhere", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, {});
      let sessions = 0;
      const openSession: OpenSession = async (target) => {
        const session = await pg.openSession(target);
        sessions += 1;
        let left = sessions;
        const run: typeof session.run = async (sql) => {
          if (left === 0) throw new SqlError("the connection to Postgres broke", "08006");
          left -= 1;
          return session.run(sql);
        };
        return { run, close: session.close };
      };
      const { state, failures, lines } = await migrate({ openSession }, { retriesMax: 100, retryMs: 0 });
      assert.deepEqual([state, failures], [{ applied: 12, total: 12 }, []]);
      assert.ok(lines.some((line) => line.startsWith("WARN trying the migrations again")));
      assert.equal(
        (await migrate({ openSession: () => Promise.reject(new SqlError("no", "08001")) })).state.failed?.error,
        "no",
      );
    });

    it("wait for another run, within a limit, and say for whom (MIG-5)", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, {});
      const holder = await pg.openSession({ purpose: "migrations" });
      await holder.run("SELECT pg_advisory_lock(7164238190221)");
      const late = await migrate(pg, { lockMsMax: 100 });
      assert.match(late.state.failed?.error ?? "", /session \d+ \(compute_ctl:migrations\) runs the migrations/);
      assert.match(late.lines[0] ?? "", /^WARN waiting for the migrations that session \d+/);
      const controller = new AbortController();
      const ended = migrate(pg, { signal: controller.signal });
      const reason = new Error("terminated");
      setTimeout(() => controller.abort(reason), 50);
      await assert.rejects(ended, reason);
      const waiting = migrate(pg);
      await holder.close();
      assert.equal((await waiting).state.applied, 12);
    });

    it("two runs at once do the work once", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, {});
      const [one, other] = await Promise.all([migrate(pg), migrate(pg)]);
      assert.deepEqual([one.state.applied, other.state.applied], [12, 12]);
      const finished = [...one.lines, ...other.lines].filter((line) => line.startsWith("INFO Finished"));
      assert.equal(finished.length, 12);
    });

    it("retry a migration that a customer's lock keeps from its row", async (t) => {
      const pg = await startTemporaryPostgres(t, major);
      await apply(pg, {});
      const customer = await pg.openSession({ purpose: "customer" });
      await customer.run("BEGIN; ALTER ROLE neon_superuser NOBYPASSRLS");
      const { log, lines } = createRecordingLog();
      const signal = new AbortController().signal;
      const running = runMigrations(
        { privilegedRoleName: "neon_superuser", retryMs: 1, statementLockMsMax: 20 },
        {
          openSession: pg.openSession,
          log,
          clock: systemClock,
          signal,
          onFailed: () => assert.fail("it is only blocked"),
          onState: () => {},
        },
      );
      while (!lines.some((line) => line.startsWith("WARN trying"))) await new Promise(setImmediate);
      await customer.run("ROLLBACK");
      await customer.close();
      assert.equal((await running).applied, 12);
    });
  });
}
