import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Client } from "pg";
import type { ConfigParts } from "../support/config.ts";
import { scramVerifier } from "../support/verifier.ts";
import { type World, withWorld } from "../support/world.ts";
import { untilQuiet } from "./held-status.ts";

const alice = { name: "alice", encrypted_password: scramVerifier("alice-slow-river"), options: null };
const plain: ConfigParts = { cluster: { roles: [alice], databases: [{ name: "shop", owner: "alice" }] } };

describe("POST /configure of a running compute", () => {
  it("costs no reload and no WAL when the spec wants what is in force, whatever its operation is called", () =>
    withWorld({}, async (world) => {
      const { client, configure } = await start(world);
      const before = await costs(client);
      for (const operation_uuid of ["op-1", "op-1", "op-2"]) await configure({ ...plain, spec: { operation_uuid } });
      assert.deepEqual(await costs(client), before);
    }));

  it("reloads, and writes no WAL, when one setting has changed", () =>
    withWorld({}, async (world) => {
      const { client, configure } = await start(world);
      const before = await costs(client);
      await configure({ ...plain, settings: { work_mem: "7MB" } });
      const after = await costs(client);
      assert.equal(after?.lsn, before?.lsn);
      assert.notEqual(after?.loaded, before?.loaded);
      assert.deepEqual((await client.query("SHOW work_mem")).rows, [{ work_mem: "7MB" }]);
    }));

  it("writes WAL when a role has changed, or else the others prove nothing", () =>
    withWorld({}, async (world) => {
      const { client, configure } = await start(world);
      const before = await costs(client);
      const changed = { ...alice, encrypted_password: scramVerifier("alice-fast-river") };
      await configure({ cluster: { ...plain.cluster, roles: [changed] } });
      assert.notEqual((await costs(client))?.lsn, before?.lsn);
    }));
});

async function start(world: World) {
  const compute = await world.start({ config: world.config(plain) });
  await compute.waitFor("running");
  const configure = async (parts: ConfigParts): Promise<void> => {
    const reply = await compute.request("POST", "/configure", { body: world.config(parts) });
    assert.equal(reply.status, 200, reply.text);
  };
  const client = await compute.connect();
  // What the start left to be written is written by then.
  await untilQuiet(compute);
  await client.query("CHECKPOINT");
  return { client, configure };
}

interface Costs {
  readonly loaded: string;
  readonly lsn: string;
}

async function costs(client: Client): Promise<Costs | undefined> {
  const sql = "SELECT pg_conf_load_time()::text AS loaded, pg_current_wal_insert_lsn()::text AS lsn";
  return (await client.query<Costs>(sql)).rows[0];
}
