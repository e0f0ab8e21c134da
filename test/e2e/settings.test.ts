import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ComputeProcess } from "./support/compute-process.ts";
import { withWorld } from "./support/world.ts";

async function show(compute: ComputeProcess, setting: string): Promise<string> {
  const client = await compute.connect();
  const { rows } = await client.query(`SHOW ${setting}`);
  await client.end();
  return rows[0][setting];
}

async function heldBack(compute: ComputeProcess): Promise<unknown> {
  const reply = await compute.request("GET", "/status?detail=true");
  return JSON.parse(reply.text).detail.settings;
}

function mountSmall(folder: string): boolean {
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=200m", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("settings of a running Postgres", () => {
  it("chapter 04 §14.1: what Postgres does not accept leaves the file and the settings before in force", (t) =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config({ settings: { work_mem: "5MB" } }) });
      await compute.waitFor("running");
      const file = join(world.pgdata, "postgresql.conf");
      const before = await readFile(file, "utf8");
      const bad = world.config({ settings: { work_mem: "plenty", no_such_setting: "1", log_min_messages: "info" } });
      const reply = await compute.request("POST", "/configure", { body: bad });

      await t.test("the answer and the status say which lines, and why", async () => {
        assert.equal(reply.status, 500, reply.text);
        const error = (await compute.status())?.error ?? "";
        assert.match(error, /^Postgres does not accept its new settings, so the old ones stay in force: /);
        assert.match(error, /postgresql\.conf line \d+: invalid value for parameter "work_mem": "plenty"/);
        assert.match(error, /postgresql\.conf line \d+: unrecognized configuration parameter "no_such_setting"/);
        assert.equal(JSON.parse(reply.text).error.includes("plenty"), true);
      });
      await t.test("the file is untouched, and Postgres goes on as it did", async () => {
        assert.equal(await readFile(file, "utf8"), before);
        assert.equal(await show(compute, "work_mem"), "5MB");
        assert.doesNotMatch(compute.log(), /PG:.*contains errors/);
      });
    }));

  it("CONF-19, HTTP-82, MET-19: what waits for a restart is told once, measured, and in the status's detail", (t) =>
    withWorld({}, async (world) => {
      const features = ["flag_from_the_future", "activity_monitor_experimental"];
      const spec = { features };
      const compute = await world.start({ config: world.config({ spec }) });
      await compute.waitFor("running");
      assert.equal(await heldBack(compute), null, "nobody has asked yet");
      for (const bytes of ["5MB", "6MB"]) {
        const body = world.config({ spec, settings: { max_connections: "50", work_mem: bytes } });
        assert.equal((await compute.request("POST", "/configure", { body })).status, 200);
        assert.deepEqual(await heldBack(compute), {
          rejected: [],
          pending_restart: ["max_connections"],
          overruled: [],
        });
        assert.equal(await show(compute, "work_mem"), bytes);
      }

      await t.test("one line in the log for two reloads, and one for the unknown feature", () => {
        assert.equal(compute.log().match(/holds the new value of max_connections back/g)?.length, 1);
        assert.equal(compute.log().match(/unknown features are ignored: flag_from_the_future/g)?.length, 1);
        assert.equal(compute.log().match(/features switched on: activity_monitor_experimental/g)?.length, 1);
      });
      await t.test("HTTP-32: without being asked for, the status has its six members", async () => {
        assert.deepEqual(Object.keys((await compute.status()) ?? {}), [
          ...["start_time", "tenant", "timeline", "status", "last_active", "error"],
        ]);
        const reply = await compute.request("GET", "/status?detail=maybe");
        assert.equal(reply.status, 400);
      });
      await t.test("a metric", async () => {
        const { text } = await compute.request("GET", "/metrics", { token: null });
        assert.match(text, /compute_ctl_settings_held_back\{reason="pending_restart"\} 1\n/);
      });
      await t.test("CONF-T19, CONF-63: what ALTER SYSTEM overrules is told as well", async () => {
        const client = await compute.connect();
        await client.query("ALTER SYSTEM SET work_mem = '9MB'");
        const body = world.config({ spec, settings: { work_mem: "7MB" } });
        assert.equal((await compute.request("POST", "/configure", { body })).status, 200);
        assert.deepEqual(await heldBack(compute), { rejected: [], pending_restart: [], overruled: ["work_mem"] });
        assert.match(compute.log(), /ALTER SYSTEM has set work_mem to another value than the spec/);
        assert.match(compute.log(), /no longer so: Postgres holds the new value of max_connections back/);
      });
    }));

  it(
    "CONF-T1: a disk that is full while the file is written leaves the one before whole",
    {
      skip: process.getuid?.() === 0 ? false : "only root may mount a small file system",
    },
    (t) =>
      withWorld({}, async (world) => {
        const disk = world.path("disk");
        await mkdir(disk);
        if (!mountSmall(disk)) return t.skip("this machine lets nobody mount a small file system");
        try {
          const pgdata = join(disk, "pgdata");
          const compute = await world.start({ config: world.config(), pgdata });
          await compute.waitFor("running");
          const file = join(pgdata, "postgresql.conf");
          const before = await readFile(file, "utf8");
          const kib = 1024 * Number(execFileSync("df", ["--output=avail", disk]).toString().split("\n")[1]);
          await writeFile(join(disk, "filler"), Buffer.alloc(kib, 1)).catch(() => {});
          const settings = { log_line_prefix: "%m ", "long.one": "x".repeat(100_000) };
          const reply = await compute.request("POST", "/configure", { body: world.config({ settings }) });
          assert.equal(reply.status, 500, reply.text);
          assert.match((await compute.status())?.error ?? "", /ENOSPC/);
          assert.equal(await readFile(file, "utf8"), before);
          await t.test("and nothing beside it", () => {
            const left = execFileSync("find", [pgdata, "-name", "*.tmp-*"]).toString();
            assert.equal(left, "");
          });
          compute.signal("SIGTERM");
          await compute.exited;
        } finally {
          execFileSync("/bin/umount", ["-l", disk]);
        }
      }),
  );

  it(
    "a data directory in which nothing can be written any more: a clear error, and Postgres goes on",
    {
      skip: process.getuid?.() === 0 ? "root may write everywhere" : false,
    },
    () =>
      withWorld({}, async (world) => {
        const compute = await world.start({ config: world.config() });
        await compute.waitFor("running");
        const { mode } = await stat(world.pgdata);
        await chmod(world.pgdata, 0o500);
        try {
          const body = world.config({ settings: { work_mem: "7MB" } });
          assert.equal((await compute.request("POST", "/configure", { body })).status, 500);
          assert.match((await compute.status())?.error ?? "", /EACCES: .*postgresql\.conf/);
          assert.equal(await show(compute, "port"), String(compute.ports.postgres));
        } finally {
          await chmod(world.pgdata, mode);
        }
      }),
  );
});
