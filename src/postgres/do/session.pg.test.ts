import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import type { Log } from "../../base/log.ts";
import { type OpenSession, SqlError, type SqlSession } from "../../base/sql.ts";
import { postgresForUser } from "../../standin/postgres-install.ts";
import type { Connstr } from "../connstr.ts";
import { type Postmaster, startPostmaster, stopPostmaster } from "./postmaster.ts";
import { createOpenSession, warmSession } from "./session.ts";

const run = promisify(execFile);
const quiet = (): void => {};
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, span: () => log };
const password = "pass'word";

let workdir: string;
let postmaster: Postmaster;
let connstr: Connstr;
let open: OpenSession;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

before(async () => {
  workdir = await mkdtemp(join(tmpdir(), "session-"));
  await chmod(workdir, 0o755);
  const { bindir, runAs } = await postgresForUser({ major: 17, workdir });
  const pgdata = join(workdir, "pgdata");
  await mkdir(pgdata, { mode: 0o700 });
  if (runAs !== null) await chown(pgdata, runAs.uid, runAs.gid);
  const credentials = runAs === null ? {} : { uid: runAs.uid, gid: runAs.gid };
  const passwordFile = join(workdir, "password");
  await writeFile(passwordFile, `${password}\n`, { mode: 0o644 });
  const access = ["-U", "cloud_admin", "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  const setup = ["-D", pgdata, ...access, "--no-sync", "--locale=C", "-E", "UTF8"];
  await run(join(bindir, "initdb"), setup, { ...credentials, cwd: "/" });

  const port = await freePort();
  const settings = [
    "-c",
    `port=${port}`,
    "-c",
    "listen_addresses=127.0.0.1",
    "-c",
    `unix_socket_directories=${pgdata}`,
  ];
  postmaster = await startPostmaster(
    {
      command: join(bindir, "postgres"),
      args: ["-D", pgdata, "-c", "fsync=off", ...settings],
      env: {},
      cwd: pgdata,
      owner: runAs,
      pgdata,
      onRecords: quiet,
    },
    { log, signal: new AbortController().signal },
  );
  connstr = { user: "cloud_admin", password, host: "127.0.0.1", port, database: "postgres", options: null };
  open = createOpenSession(connstr, { connectLimitMs: 20_000 });
  warmSession();
  await postmaster.ready;
});

after(async () => {
  if (postmaster !== undefined) {
    const exit = await stopPostmaster(postmaster, { fastMs: 20_000 }, log);
    assert.equal(exit.text, "exit status: 0");
  }
  await rm(workdir, { recursive: true });
});

async function inSession<T>(opening: Promise<SqlSession>, body: (session: SqlSession) => Promise<T>): Promise<T> {
  const session = await opening;
  try {
    return await body(session);
  } finally {
    await session.close();
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  assert.ok(error instanceof SqlError, String(error));
  return error.code;
}

describe("a session with Postgres", () => {
  it("has settings that a database's own do not override (V10, APPLY-5)", async () => {
    await inSession(open({ purpose: "test" }), async (session) => {
      await session.run("CREATE ROLE dave");
      await session.run("CREATE DATABASE main");
      for (const setting of [
        "role = dave",
        "search_path = other",
        "statement_timeout = 1",
        "default_transaction_read_only = on",
      ]) {
        await session.run(`ALTER DATABASE main SET ${setting}`);
      }
    });
    const rows = await inSession(open({ purpose: "apply_config", database: "main" }), (session) =>
      session.run(
        "SELECT current_database() AS db, current_user AS who, current_setting('search_path') AS path, " +
          "current_setting('default_transaction_read_only') AS readonly, current_setting('statement_timeout') AS timeout, " +
          "current_setting('application_name') AS app",
      ),
    );
    const app = "compute_ctl:apply_config";
    assert.deepEqual(rows, [{ db: "main", who: "cloud_admin", path: "''", readonly: "off", timeout: "0", app }]);
  });

  it("adds the connection string's own options, which win, and may go through the Unix socket", async () => {
    const own = { ...connstr, host: join(workdir, "pgdata"), options: "-c work_mem=8MB -c statement_timeout=7min" };
    const opening = createOpenSession(own, { connectLimitMs: 20_000 })({ purpose: "test" });
    await inSession(opening, async (session) => {
      assert.deepEqual(await session.run("SHOW work_mem"), [{ work_mem: "8MB" }]);
      assert.deepEqual(await session.run("SHOW statement_timeout"), [{ statement_timeout: "7min" }]);
    });
  });

  it("gives every value as the text that the server sent, and null", async () => {
    const rows = await inSession(open({ purpose: "test" }), (session) =>
      session.run("SELECT 1 AS i, 2::int8 AS b, true AS t, NULL AS n, '{1,2}'::int[] AS a, '2031-04-05'::date AS d"),
    );
    assert.deepEqual(rows, [{ i: "1", b: "2", t: "t", n: null, a: "{1,2}", d: "2031-04-05" }]);
  });

  it("runs several statements as one query and returns the rows of the last", async () => {
    await inSession(open({ purpose: "test" }), async (session) => {
      assert.deepEqual(await session.run("SELECT 1 AS a; SELECT 2 AS b UNION ALL SELECT 3"), [{ b: "2" }, { b: "3" }]);
      assert.deepEqual(await session.run("SELECT 1 AS a; SET work_mem = '4MB'"), []);
      assert.deepEqual(await session.run(""), []);
    });
  });

  it("reports the SQLSTATE, and can be used on", async () => {
    await inSession(open({ purpose: "test" }), async (session) => {
      await assert.rejects(session.run("SELECT 1/0"), { code: "22012", message: "db error: ERROR: division by zero" });
      assert.equal(await codeOf(session.run("SELECT * FROM pg_catalog.nothing_like_it")), "42P01");
      assert.deepEqual(await session.run("SELECT 1 AS a"), [{ a: "1" }]);
    });
  });

  it("fails to open with the server's SQLSTATE", async () => {
    const wrong = createOpenSession({ ...connstr, password: "wrong" }, { connectLimitMs: 20_000 });
    assert.equal(await codeOf(wrong({ purpose: "test" })), "28P01");
    assert.equal(await codeOf(open({ purpose: "test", database: "nothing_like_it" })), "3D000");
  });

  it("reports a lost connection as 08006, and closing it then is no error", async () => {
    await inSession(open({ purpose: "victim" }), async (victim) => {
      const [backend] = await victim.run("SELECT pg_catalog.pg_backend_pid() AS pid");
      const sleeping = codeOf(victim.run("SELECT pg_catalog.pg_sleep(60)"));
      const kill = `SELECT pg_catalog.pg_terminate_backend(${backend?.["pid"]}, 10000)`;
      await inSession(open({ purpose: "test" }), (session) => session.run(kill));
      assert.equal(await sleeping, "57P01");
      assert.equal(await codeOf(victim.run("SELECT 1")), "08006");
    });
  });

  it("reports a connection lost between statements as 08006", async () => {
    await inSession(open({ purpose: "victim" }), async (victim) => {
      const [backend] = await victim.run("SELECT pg_catalog.pg_backend_pid() AS pid");
      const kill = `SELECT pg_catalog.pg_terminate_backend(${backend?.["pid"]}, 10000)`;
      await inSession(open({ purpose: "test" }), (session) => session.run(kill));
      assert.equal(await codeOf(victim.run("SELECT 1")), "08006");
    });
  });
});
