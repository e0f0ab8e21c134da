import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { CommandFailure } from "../../../src/standin/command-failure.ts";
import type { PageserverFault } from "../../../src/standin/faults.ts";
import { backupOf, type Member } from "../../../src/storage/do/archive.ts";
import { freePort } from "../support/free-port.ts";
import { withWorld } from "../support/world.ts";
import { comesUp, endsBySignal, fewRetries, noRetries, startFails } from "./outcomes.ts";

describe("a pageserver that cannot be had", () => {
  it("BASE-70: is tried again, and named in the end", () =>
    withWorld({}, async (world) => {
      const port = await freePort();
      const config = world.config({ spec: { pageserver_connstring: `postgresql://no_user@127.0.0.1:${port}` } });
      const error = await startFails(world, { config, env: fewRetries });
      assert.match(
        error,
        /^failed to get basebackup@\S+\n\nCaused by:\n.*could not connect to 127\.0\.0\.1:\d+\n.*ECONNREF/,
      );
      await comesUp(world);
    }));

  it("that refuses the token is not asked again: the default retries take 57 s", () =>
    withWorld({ tokens: true }, async (world) => {
      const config = world.config({ spec: { storage_auth_token: "a-wrong-token", mode: "Replica" } });
      const error = await startFails(world, { config });
      assert.match(error, /^failed to get basebackup@0\/0\n.*JWT authentication error/s);
      await comesUp(world);
    }));
});

const brokenReplies: readonly (readonly [string, PageserverFault, RegExp])[] = [
  ["hangs up on us", { kind: "hang-up" }, /could not connect to 127\.0\.0\.1:\d+/],
  ["closes in the middle of the archive", { kind: "close-mid-copy", afterBytes: 100_000 }, /closed the connection/],
  ["sends half a gzip stream", { kind: "truncated", afterBytes: 100_000 }, /base backup is damaged: not a whole gzip/],
  ["sends nothing", { kind: "truncated", afterBytes: 0 }, /base backup is damaged/],
  [
    "sends no gzip",
    { kind: "other-archive", bytes: Buffer.from("<html>") },
    /base backup is damaged: not a whole gzip/,
  ],
  [
    "sends an error instead of the archive",
    { kind: "error-before-copy", failure: new CommandFailure("not-found", "Tenant abc not found") },
    /db error: ERROR: Not found: Tenant abc not found/,
  ],
  [
    "sends an error in the middle of the archive",
    { kind: "error-mid-copy", afterBytes: 100_000, failure: new CommandFailure("other", "the disk is full") },
    /db error: ERROR: the disk is full/,
  ],
];

describe("a pageserver that", () => {
  it("does not keep its promise is told in its own words, and leaves nothing in the way of the next start", () =>
    withWorld({}, async (world) => {
      for (const [what, fault, saying] of brokenReplies) {
        world.storage.pageserver.setFaults({ fault });
        const error = await startFails(world, { config: world.config(), env: noRetries });
        assert.match(error, /^failed to get basebackup@/, what);
        assert.match(error, saying, what);
        assert.deepEqual(await readdir(world.pgdata), ["postgresql.conf"], what);
      }
      world.storage.pageserver.setFaults(null);
      await comesUp(world);
    }));

  it("BASE-70: fails twice and then works brings the compute up, with each failure logged", () =>
    withWorld(
      { faults: { pageserver: { fault: { kind: "close-mid-copy", afterBytes: 200_000 }, times: 2 } } },
      async (world) => {
        const compute = await world.start({ config: world.config() });
        await compute.waitFor("running");
        assert.match(
          compute.log(),
          /WARN get_basebackup\S+ attempt 1\/11 to get basebackup@\S+ failed, next try in 500 ms/,
        );
        assert.match(
          compute.log(),
          /WARN get_basebackup\S+ attempt 2\/11 to get basebackup@\S+ failed, next try in 750 ms/,
        );
        assert.equal(world.storage.pageserver.seenCommands.length, 3);
        await endsBySignal(compute);
      },
    ));

  it("trickles the archive brings the compute up, and /status answers meanwhile", () =>
    withWorld(
      { faults: { pageserver: { fault: { kind: "trickle", chunkBytes: 8192, pauseMs: 1 } } } },
      async (world) => {
        const compute = await world.start({ config: world.config() });
        await compute.waitForLog(/fetching base backup/);
        let answers = 0;
        for (; !compute.log().includes("unpacked base backup"); answers += 1) {
          assert.equal((await compute.status())?.status, "init");
        }
        assert.ok(answers > 10, `only ${answers} answers`);
        await compute.waitFor("running");
        await endsBySignal(compute);
      },
    ));
});

describe("a hostile archive (BASE-52)", () => {
  it("is refused at once by the member's name, and harms nothing outside PGDATA", () =>
    withWorld({}, async (world) => {
      const canary = await world.write("canary", "sings");
      const archives = await hostileArchives(canary);
      for (const [what, bytes, saying] of archives) {
        world.storage.pageserver.setFaults({ fault: { kind: "other-archive", bytes } });
        const error = await startFails(world, { config: world.config() });
        assert.ok(error.includes(`base backup refused: member ${saying}`), `${what}: ${error}`);
        assert.equal(await readFile(canary, "utf8"), "sings", what);
        assert.deepEqual((await readdir(world.folder)).sort(), ["canary", "config.json", "pgdata"], what);
        assert.deepEqual(await readdir(world.pgdata), ["postgresql.conf"], what);
      }
      assert.equal(world.storage.pageserver.seenCommands.length, archives.length);
      world.storage.pageserver.setFaults(null);
      await comesUp(world);
    }));
});

/** What is wrong with each, the archive, and what is said of it. */
async function hostileArchives(canary: string): Promise<readonly (readonly [string, Buffer, string])[]> {
  const neither = "is neither a file nor a directory but a";
  const members: readonly (readonly [Member, string])[] = [
    [["../canary", "harm"], '"../canary" leads out of the data directory'],
    [["base/../../canary", "harm"], '"base/../../canary" leads out of the data directory'],
    [[canary, "harm"], `"${canary}" has an absolute path`],
    [["out", { type: "symlink", linkname: ".." }], `"out" ${neither} symlink`],
    [["hard", { type: "link", linkname: "../canary" }], `"hard" ${neither} link`],
    [["null", { type: "character-device" }], `"null" ${neither} character-device`],
  ];
  const archives = await Promise.all(
    members.map(async ([member, saying]) => [member[0], await backupOf(member), saying] as const),
  );
  const tar = gunzipSync(await backupOf(["good", "content"], ["bad", "content"]));
  tar.write("worse", tar.indexOf("bad\0"));
  return [...archives, ["wrong checksum", gzipSync(tar), '"good" is followed by a broken tar header']];
}
