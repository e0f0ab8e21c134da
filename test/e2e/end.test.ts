import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseLsn } from "../../src/base/lsn.ts";
import type { ComputeProcess } from "./support/compute-process.ts";
import { type World, withWorld } from "./support/world.ts";

const shutDown = /\nPG:.* LOG: {2}database system is shut down\n/;

/** These tests wait more than they work, each in a world of its own. */
const concurrency = 2;

describe("POST /terminate", { concurrency }, () => {
  for (const [mode, query] of [
    ["fast", ""],
    ["immediate", "?mode=immediate"],
  ] as const) {
    it(`HTTP-46 to HTTP-54: ends a running compute, /terminate${query}`, () =>
      withWorld({}, async (world) => {
        const compute = await startPlain(world);
        const reply = await compute.request("POST", `/terminate${query}`);
        assert.equal(reply.status, 200, reply.text);
        assertLsn(world, reply.json());
        assert.equal((await compute.status())?.status, "terminated");
        const again = await compute.request("POST", "/terminate");
        assert.deepEqual([again.status, again.text], [201, reply.text]);
        assert.deepEqual(await compute.exited, { code: 0, signal: null });
        assert.match(compute.log(), new RegExp(`from running to termination-pending-${mode}\\n`));
        assert.match(compute.log(), new RegExp(`from termination-pending-${mode} to terminated\\n`));
        assert.match(compute.log(), shutDown);
      }));
  }

  it("LIFE-92: clients are sent away, and what they committed is on disk", () =>
    withWorld({}, async (world) => {
      const compute = await startPlain(world);
      const client = await compute.connect();
      await client.query("CREATE TABLE kept (id int)");
      const pending = assert.rejects(client.query("SELECT pg_sleep(600)"), { code: "57P01" });
      assert.equal((await compute.request("POST", "/terminate?mode=immediate")).status, 200);
      await pending;
      assert.deepEqual(await compute.exited, { code: 0, signal: null });
      assert.match(compute.log(), shutDown);
    }));

  it("HTTP-49: ends an empty compute, which says nothing and goes with 0", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: { compute_ctl_config: world.config().compute_ctl_config } });
      await compute.waitFor("empty");
      const reply = await compute.request("POST", "/terminate");
      assert.deepEqual([reply.status, reply.text, reply.headers["content-length"]], [200, "", "0"]);
      assert.equal((await compute.status())?.status, "empty");
      assert.deepEqual(await compute.exited, { code: 0, signal: null });
      assert.ok(!existsSync(world.pgdata));
    }));
});

describe("a signal to compute_ctl", { concurrency }, () => {
  for (const [name, number] of [
    ["SIGTERM", 15],
    ["SIGINT", 2],
    ["SIGQUIT", 3],
  ] as const) {
    it(`LIFE-36: ${name} shuts Postgres down properly and ends with 1`, () =>
      withWorld({}, async (world) => {
        const compute = await startPlain(world);
        compute.signal(name);
        assert.deepEqual(await compute.exited, { code: 1, signal: null });
        assert.match(compute.log(), new RegExp(` INFO received ${number} termination signal\n`));
        assert.match(compute.log(), shutDown);
        assert.ok(!existsSync(join(world.pgdata, "postmaster.pid")));
      }));
  }

  it("LIFE-35, LIFE-36: SIGTERM ends the time that is left for reading the outcome of /terminate", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config(), lingerSeconds: 3600 });
      await compute.waitFor("running");
      assert.equal((await compute.request("POST", "/terminate")).status, 200);
      await compute.waitForLog(/ INFO serving HTTP for another 3600 s/);
      compute.signal("SIGTERM");
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
    }));
});

describe("the end of Postgres by itself", () => {
  it("LIFE-91: after a fast stop from outside compute_ctl goes with 0", () =>
    withWorld({}, async (world) => {
      const compute = await startPlain(world);
      process.kill(await compute.postgresPid(), "SIGINT");
      assert.deepEqual(await compute.exited, { code: 0, signal: null });
      assert.match(compute.log(), /Postgres exited with code exit status: 0, shutting down\n/);
      assert.match(compute.log(), shutDown);
    }));
});

describe("a restart on the same data directory", () => {
  it("LIFE-12: starts afresh, also after a postmaster that was killed", () =>
    withWorld({}, async (world) => {
      const first = await startPlain(world);
      await (await first.connect()).query("CREATE TABLE gone (id int)");
      process.kill(await first.postgresPid(), "SIGKILL");
      assert.deepEqual(await first.exited, { code: 1, signal: null });
      assert.match(first.log(), /Postgres exited with code signal: 9 \(SIGKILL\), shutting down\n/);
      assert.ok(existsSync(join(world.pgdata, "postmaster.pid")));

      const second = await startPlain(world);
      const { rows } = await (await second.connect()).query("SELECT to_regclass('public.gone') AS gone");
      assert.deepEqual(rows, [{ gone: null }]);
      assert.equal((await second.request("POST", "/terminate?mode=immediate")).status, 200);
      assert.deepEqual(await second.exited, { code: 0, signal: null });
    }));
});

async function startPlain(world: World): Promise<ComputeProcess> {
  const compute = await world.start({ config: world.config() });
  await compute.waitFor("running");
  return compute;
}

/** The body has an LSN, and that is not before the branch's own. */
function assertLsn(world: World, body: unknown): void {
  assert.ok(typeof body === "object" && body !== null && "lsn" in body && typeof body.lsn === "string");
  assert.match(body.lsn, /^[\dA-F]{1,8}\/[\dA-F]{1,8}$/);
  const lsn = parseLsn(body.lsn);
  assert.ok(lsn !== undefined && lsn >= world.storage.lsn, body.lsn);
}
