import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { formatLsn } from "../../src/base/lsn.ts";
import { fixtureAdminToken } from "./support/admin-token.ts";
import type { ComputeProcess } from "./support/compute-process.ts";
import { branchOfFixture } from "./support/config.ts";
import { type World, withWorld } from "./support/world.ts";

const replica = "replica.config.json";
const roles = [{ name: "alice" }];

describe("a compute that only reads", () => {
  it(`a replica, by the spec of ${replica}, adapted only in addresses and ports`, (t) =>
    withWorld({ major: 17, branch: branchOfFixture(replica) }, async (world) => {
      const compute = await world.start({ config: world.fixture(replica), adminToken: await fixtureAdminToken() });
      await compute.waitFor("running");
      await checkReadOnly(t, world, compute);
      await t.test("LIFE-12: asks for the newest base backup, without a quorum", () => {
        assert.match(compute.log(), /fetching base backup lsn=0\/0\n/);
      });
      await checkTerminate(t, compute);
    }));

  it("a replica on Postgres 15", (t) =>
    withWorld({ major: 15 }, async (world) => {
      const compute = await world.start({ config: world.config({ spec: { mode: "Replica" }, cluster: { roles } }) });
      await compute.waitFor("running");
      await checkReadOnly(t, world, compute);
    }));

  it("a static compute, pinned to an LSN", (t) =>
    withWorld({ major: 17, tokens: true }, async (world) => {
      const lsn = formatLsn(world.storage.lsn);
      const config = world.config({ spec: { mode: { Static: lsn } }, cluster: { roles } });
      const compute = await world.start({ config });
      await compute.waitFor("running");
      await checkReadOnly(t, world, compute);
      await t.test("LIFE-12: asks for the base backup at that LSN", () => {
        assert.match(compute.log(), new RegExp(`fetching base backup lsn=${lsn}\\n`));
      });
      await checkTerminate(t, compute);
    }));
});

async function checkReadOnly(t: TestContext, world: World, compute: ComputeProcess): Promise<void> {
  const client = await compute.connect();
  await t.test("answers queries and refuses to write", async () => {
    assert.deepEqual((await client.query("SELECT pg_is_in_recovery() AS reads")).rows, [{ reads: true }]);
    await assert.rejects(client.query("CREATE TABLE t ()"), { code: "25006" });
  });
  await t.test("CONF-65: is told so by a file", () => assert.ok(existsSync(join(world.pgdata, "standby.signal"))));
  await t.test("APPLY-1: leaves the catalog alone", async () => {
    const { rows } = await client.query("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'");
    assert.deepEqual(rows, [{ rolname: "cloud_admin" }]);
    assert.doesNotMatch(compute.log(), /apply_config/);
  });
}

async function checkTerminate(t: TestContext, compute: ComputeProcess): Promise<void> {
  await t.test("HTTP-51: has no LSN to tell when it is terminated", async () => {
    const reply = await compute.request("POST", "/terminate?mode=immediate");
    assert.deepEqual([reply.status, reply.text], [200, '{"lsn":null}']);
    assert.deepEqual(await compute.exited, { code: 0, signal: null });
  });
}
