import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { majors, startTemporaryPostgres } from "../../../test/pg/temporary-postgres.ts";
import { DeadlineError } from "../../base/deadline.ts";
import { type ActivityFacts, decodeFacts } from "../facts.ts";
import { activityQuery } from "../query.ts";
import { type ActivitySession, openActivitySession } from "./activity-session.ts";

const never = new AbortController().signal;

/** The server with a customer and its database, and the monitor's session with it. */
async function watched(t: TestContext, major: (typeof majors)[number]) {
  const server = await startTemporaryPostgres(t, major);
  await server.sql("postgres", "CREATE ROLE app_owner LOGIN");
  await server.sql("postgres", "CREATE DATABASE shop OWNER app_owner");
  const session = await openActivitySession(server.openSession, never);
  t.after(() => session.close());
  return { server, session };
}

const walSender = { user: "cloud_admin", database: "postgres", replication: true } as const;
const appOwner = { user: "app_owner", database: "shop" } as const;

/** Looks until the facts are as wanted: statistics come a moment later. */
async function lookUntil(session: ActivitySession, holds: (facts: ActivityFacts) => boolean): Promise<ActivityFacts> {
  for (;;) {
    const facts = await session.read(never);
    if (holds(facts)) return facts;
  }
}

for (const major of majors) {
  describe(`one look at the activity of Postgres ${major} (MON-5, MON-8)`, () => {
    it("finds nothing where nobody is, itself and cloud_admin left out (vectors 1 and 8)", async (t) => {
      const { server, session } = await watched(t, major);
      const admin = await server.openSession({ purpose: "test", database: "shop" });
      t.after(() => admin.close());
      await admin.run("BEGIN");
      const facts = await session.read(never);
      const { nowMicros, statistics, ...rest } = facts;
      assert.deepEqual(rest, { sessions: [], walSenders: 0, subscriptionWorkers: 0, autovacuumWorkers: 0 });
      assert.ok(Math.abs(nowMicros / 1000 - Date.now()) < 60_000, `${nowMicros}`);
      assert.ok(statistics !== null);
    });

    it("trap 3: sees an idle session's moment, absolutely and in microseconds, whatever the time zone is", async (t) => {
      const { server, session } = await watched(t, major);
      await server.sql("postgres", "ALTER ROLE ALL SET timezone = 'Asia/Tokyo'");
      const client = await server.connect(t, appOwner);
      await client.query("SELECT 1");
      const other = await openActivitySession(server.openSession, never);
      t.after(() => other.close());
      const seen = await lookUntil(other, ({ sessions }) => sessions.some(({ state }) => state === "idle"));
      assert.deepEqual((await session.read(never)).sessions, seen.sessions);
      const moments = await server.sql(
        "postgres",
        "SELECT to_char(state_change AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') AS second, " +
          "to_char(state_change, 'US') AS micros FROM pg_stat_activity WHERE usename = 'app_owner'",
      );
      const { second, micros } = moments[0] ?? {};
      assert.equal(seen.sessions[0]?.changedMicros, Date.parse(`${second}Z`) * 1000 + Number(micros));
    });

    it("sees an open transaction, and a session whose activity is not tracked (vectors 5 and 7)", async (t) => {
      const { server, session } = await watched(t, major);
      const client = await server.connect(t, { ...appOwner, database: "postgres" });
      await client.query("BEGIN");
      const open = await lookUntil(session, ({ sessions }) => sessions.some(({ state }) => state !== "idle"));
      assert.deepEqual(
        open.sessions.map(({ state }) => state),
        ["idle in transaction"],
      );
      await client.query("ROLLBACK");
      await server.sql("postgres", "ALTER ROLE app_owner SET track_activities = off");
      const hidden = await server.connect(t, appOwner);
      await hidden.query("SELECT 1");
      const found = await lookUntil(session, ({ sessions }) => sessions.length === 2);
      assert.ok(
        found.sessions.some(({ state }) => state === "disabled"),
        JSON.stringify(found),
      );
    });

    it("FIELD-14: a customer that borrows our application name is still a customer", async (t) => {
      const { server, session } = await watched(t, major);
      const client = await server.connect(t, { ...appOwner, applicationName: "compute_ctl:compute_monitor" });
      await client.query("SELECT 1");
      await lookUntil(session, ({ sessions }) => sessions.length === 1);
    });

    it("FIELD-14: the session that sizes the file cache is ours too, whatever superuser we are", async (t) => {
      const server = await startTemporaryPostgres(t, major);
      await server.sql("postgres", "CREATE ROLE boss SUPERUSER LOGIN; CREATE ROLE app_owner LOGIN");
      const boss = { user: "boss", database: "postgres" } as const;
      const watcher = await server.connect(t, { ...boss, applicationName: "compute_ctl:compute_monitor" });
      const sessions = async () => decodeFacts((await watcher.query(activityQuery)).rows).sessions.length;
      for (const [login, count] of [
        [boss, 0],
        [{ user: "app_owner", database: "postgres" }, 1],
      ] as const) {
        await (await server.connect(t, { ...login, applicationName: "vm-monitor" })).query("SELECT 1");
        assert.equal(await sessions(), count, login.user);
      }
    });

    it("trap 1, FIELD-14: sums up sessions and time in customers' databases, and only there", async (t) => {
      const { server, session } = await watched(t, major);
      const before = await session.read(never);
      await server.sql("postgres", "SELECT 1");
      const client = await server.connect(t, appOwner);
      await client.query("SELECT pg_sleep(0.01)");
      await client.end();
      const wanted = (before.statistics?.sessions ?? 0) + 1;
      const after = await lookUntil(session, ({ statistics }) => (statistics?.sessions ?? 0) >= wanted);
      assert.equal(after.statistics?.sessions, wanted);
      await lookUntil(
        session,
        ({ statistics }) => (statistics?.activeMs ?? 0) >= (before.statistics?.activeMs ?? 0) + 10,
      );
      await server.sql("postgres", "DROP DATABASE shop WITH (FORCE)");
      const dropped = await lookUntil(session, ({ statistics }) => statistics?.sessions === 0);
      assert.equal(dropped.statistics?.activeMs, 0);
    });

    it("counts walsenders, but not the walproposer (vectors 9 and 10)", async (t) => {
      const { server, session } = await watched(t, major);
      await server.connect(t, { ...walSender, applicationName: "walproposer" });
      assert.equal((await session.read(never)).walSenders, 0);
      await server.connect(t, { ...walSender, applicationName: "my_sub" });
      assert.equal((await lookUntil(session, ({ walSenders }) => walSenders > 0)).walSenders, 1);
    });

    it("trap 6: gives up on a look that hangs, and on a connect that does", async (t) => {
      const { server } = await watched(t, major);
      const limitMs = 100;
      const hanging = await openActivitySession(
        async (target) => {
          const session = await server.openSession(target);
          return { run: () => session.run("SELECT pg_sleep(60)"), close: session.close };
        },
        never,
        limitMs,
      );
      await assert.rejects(hanging.read(never), DeadlineError);
      await hanging.close();
      const connecting = openActivitySession(() => new Promise(() => {}), never, limitMs);
      await assert.rejects(connecting, DeadlineError);
    });

    it("fails as a whole when Postgres ends the session", async (t) => {
      const { server, session } = await watched(t, major);
      await server.sql(
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'compute_ctl:compute_monitor'",
      );
      await assert.rejects(session.read(never), { name: "SqlError" });
    });
  });
}
