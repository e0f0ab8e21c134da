import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it, type TestContext } from "node:test";
import type { Log } from "../../base/log.ts";
import type { SchemaDump } from "../schema-dump.ts";
import { createDumpSchema, type DumpLimits } from "./dump-schema.ts";

const never = new AbortController().signal;
const connstr = {
  user: "cloud_admin",
  password: "s3cret",
  host: "h",
  port: 5433,
  database: "postgres",
  options: null,
};

/** A folder whose pg_dump is this shell script. */
async function installation(t: TestContext, script: string, limits: Partial<DumpLimits> = {}) {
  const bindir = await mkdtemp(join(tmpdir(), "dump-schema-"));
  t.after(() => rm(bindir, { recursive: true }));
  await writeFile(join(bindir, "pg_dump"), `#!/bin/sh\ncd ${bindir}\n${script}\n`);
  await chmod(join(bindir, "pg_dump"), 0o755);
  const lines: string[] = [];
  const write = (message: string): void => void lines.push(message);
  const log: Log = { debug: write, info: write, warn: write, error: write, span: () => log };
  const sessions: string[] = [];
  const onSession = (database: string) => {
    sessions.push(`begin ${database}`);
    return () => void sessions.push(`end ${database}`);
  };
  const facts = { bindir, connstr, environment: { PATH: process.env["PATH"] ?? "" }, owner: null, onSession };
  return { dump: createDumpSchema(facts, log, limits), bindir, lines, sessions };
}

function begun(dump: SchemaDump) {
  assert.ok(dump.kind === "begun", JSON.stringify(dump));
  return dump.sql;
}

/** The pid that a script wrote into its folder, once it is gone. */
async function assertGone(bindir: string): Promise<void> {
  const pid = Number(await readFile(join(bindir, "pid"), "utf8"));
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("dumping a schema (CAT-2)", () => {
  it("streams what pg_dump writes, and logs what it complains of", async (t) => {
    const script = 'echo "$PGDATABASE|$PGAPPNAME|$PGPASSWORD|$LC_MESSAGES|$*"; echo "odd thing" >&2';
    const { dump, lines } = await installation(t, script);
    const sql = await text(begun(await dump("a=b", never)));
    assert.equal(
      sql,
      "a=b|compute_ctl:dump_schema|s3cret|C|--host h --port 5433 --username cloud_admin --schema-only --no-password\n",
    );
    assert.deepEqual(lines, ["pg_dump: odd thing"]);
  });

  it("decides at the first byte: a database that is not there, any other failure, no pg_dump", async (t) => {
    const missing = "echo 'pg_dump: error: FATAL:  database \"x\" does not exist' >&2; exit 1";
    const noDatabase = await installation(t, `echo 'first line' >&2; ${missing}`);
    assert.deepEqual(await noDatabase.dump("x", never), { kind: "no-such-database" });
    assert.deepEqual(await noDatabase.dump("", never), { kind: "no-such-database" });
    const refused = await installation(t, "exit 3");
    assert.deepEqual(await refused.dump("x", never), { kind: "failed", why: "pg_dump ended with exit status 3" });
    const silent = await installation(t, "exit 0");
    assert.deepEqual(await silent.dump("x", never), { kind: "failed", why: "pg_dump wrote nothing" });
    await rm(join(silent.bindir, "pg_dump"));
    const absent = await silent.dump("x", never);
    assert.match(absent.kind === "failed" ? absent.why : "", /ENOENT/);
  });

  it("FIELD-14: tells of its session when it begins and when it is over, however it ends", async (t) => {
    for (const script of ["echo fine", "exit 3"]) {
      const { dump, sessions } = await installation(t, script);
      const outcome = await dump("shop", never);
      if (outcome.kind === "begun") await text(outcome.sql);
      assert.deepEqual(sessions, ["begin shop", "end shop"], script);
    }
    const { dump, sessions, bindir } = await installation(t, "exit 0");
    await rm(join(bindir, "pg_dump"));
    await dump("shop", never);
    assert.deepEqual(sessions, ["begin shop", "end shop"]);
  });

  it("fails the stream when pg_dump fails after its first byte (T-17, T20)", async (t) => {
    const { dump } = await installation(t, "echo half; exit 1");
    await assert.rejects(text(begun(await dump("x", never))), /pg_dump ended with exit status 1/);
    const killed = await installation(t, "echo half; kill -9 $$");
    await assert.rejects(text(begun(await killed.dump("x", never))), /pg_dump ended with SIGKILL/);
  });

  const endless = "echo $$ > pid; echo first; exec sleep 600";

  it("ends pg_dump when nobody wants its output any more", async (t) => {
    const { dump, bindir } = await installation(t, endless);
    const sql = begun(await dump("x", never));
    sql.destroy();
    await assertGone(bindir);
  });

  it("ends pg_dump by its signal, before and after the first byte", async (t) => {
    const quiet = await installation(t, "echo $$ > pid; echo begun >&2; exec sleep 600 2>&-");
    const before = new AbortController();
    const waiting = quiet.dump("x", before.signal);
    while (quiet.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    before.abort(new Error("client gone"));
    const ended = await waiting;
    assert.match(ended.kind === "failed" ? ended.why : "", /client gone/);
    await assertGone(quiet.bindir);

    const { dump, bindir } = await installation(t, endless);
    const after = new AbortController();
    const sql = begun(await dump("x", after.signal));
    after.abort(new Error("client gone"));
    await assert.rejects(text(sql), /pg_dump was ended/);
    await assertGone(bindir);
  });

  it("kills one that does not heed the end, and one that takes too long", async (t) => {
    const script = `trap '' TERM; echo $$ > pid; echo first; while :; do sleep 0.05; done`;
    const { dump, bindir } = await installation(t, script, { totalMs: 1_500, killMs: 20 });
    const sql = begun(await dump("x", never));
    const [error] = await once(sql.resume(), "error");
    assert.match(String(error.cause), /pg_dump took longer than 1500 ms/);
    await assertGone(bindir);
  });

  it("reads no faster than its reader", async (t) => {
    const { dump, bindir } = await installation(t, "head -c 3000000 /dev/zero; echo done > done");
    const sql = begun(await dump("x", never));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await assert.rejects(readFile(join(bindir, "done")), { code: "ENOENT" });
    assert.equal((await text(sql)).length, 3_000_000);
    await readFile(join(bindir, "done"));
  });

  it("runs a few at a time, lets others wait, and turns away more", async (t) => {
    const { dump } = await installation(t, "echo first; exec sleep 600", { atOnce: 1, waiting: 1 });
    const first = begun(await dump("x", never));
    const second = dump("x", never);
    const turnedAway = await dump("x", never);
    assert.equal(turnedAway.kind, "failed");
    const early = await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 50, "waits"))]);
    assert.equal(early, "waits");
    first.destroy();
    begun(await second).destroy();
    begun(await dump("x", never)).destroy();
  });
});
