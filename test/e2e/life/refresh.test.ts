import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ComputeProcess } from "../support/compute-process.ts";
import type { ConfigJson } from "../support/config.ts";
import { processesOf } from "../support/leftovers.ts";
import { type World, withWorld } from "../support/world.ts";
import { changesOf, refresh, untilQuiet } from "./held-status.ts";

/** Every statement, and who sends it. */
const logEverything = { log_statement: "all", log_line_prefix: "%m [%p] app=%a " };
const alice = { name: "alice", options: null, encrypted_password: null };

/** A config whose pageserver has moved: another way to write the same address, so that it can still be reached. */
function moved(world: World): ConfigJson {
  const pageserver_connstring = `${world.storage.pageserverUrl}/`.replace("no_user@", "moved_user@");
  return world.config({ settings: logEverything, cluster: { roles: [alice] }, spec: { pageserver_connstring } });
}

async function start(world: World): Promise<ComputeProcess> {
  const compute = await world.start({ config: world.config({ settings: logEverything }) });
  await compute.waitFor("running");
  await untilQuiet(compute);
  return compute;
}

async function accepted(compute: ComputeProcess): Promise<void> {
  const reply = await refresh(compute);
  assert.deepEqual([reply.status, reply.text], [200, ""]);
}

describe("POST /refresh_configuration (LIFE-29, LIFE-30, SPEC-84, BASE-80, BASE-82)", () => {
  it("brings a moved pageserver into force before the first statement, and the rest of the spec after it", () =>
    withWorld({}, async (world) => {
      const compute = await start(world);
      const client = await compute.connect();
      const wanted = moved(world);
      await world.write("config.json", JSON.stringify(wanted));
      const before = compute.log().length;
      await accepted(compute);
      await compute.waitForLog(/from refresh-configuration to running\n/);

      const address = String(wanted.spec["pageserver_connstring"]);
      const conf = await readFile(join(world.pgdata, "postgresql.conf"), "utf8");
      assert.ok(conf.includes(`neon.pageserver_connstring='${address}'`), conf);
      const { rows } = await client.query("SHOW neon.pageserver_connstring");
      assert.deepEqual(rows, [{ "neon.pageserver_connstring": address }]);
      const roles = await client.query("SELECT 1 FROM pg_roles WHERE rolname = 'alice'");
      assert.equal(roles.rowCount, 1);

      // The activity monitor asks when it pleases, and the reload itself by SQL.
      const statement = /app=compute_ctl:(?!reload|compute_monitor).* LOG: {2}(?:statement|execute)/;
      const told = (): string => compute.log().slice(before);
      // Postgres's lines may come a moment later than what they tell of (LIFE-87).
      for (let looks = 0; looks < 100 && !statement.test(told()); looks += 1) await delay(20);
      const log = told();
      const reloaded = log.indexOf('parameter "neon.pageserver_connstring" changed to');
      const firstStatement = log.search(statement);
      assert.ok(reloaded >= 0 && firstStatement >= 0, log);
      assert.ok(reloaded < firstStatement, log);
      assert.deepEqual(changesOf(compute).slice(2), [
        "running to refresh-configuration-pending",
        "refresh-configuration-pending to refresh-configuration",
        "refresh-configuration to running",
      ]);
    }));

  it("does nothing when the pageserver is the one in force, whatever else has changed", () =>
    withWorld({}, async (world) => {
      const compute = await start(world);
      const client = await compute.connect();
      const facts = "SELECT pg_conf_load_time()::text AS loaded, pg_current_wal_insert_lsn()::text AS lsn";
      const before = (await client.query(facts)).rows;
      await world.write("config.json", JSON.stringify(world.config({ cluster: { roles: [alice] } })));
      await accepted(compute);
      await compute.waitForLog(/the same pageservers: nothing to do; its other changes are left for \/configure/);
      await compute.waitFor("running");
      assert.deepEqual((await client.query(facts)).rows, before);
      assert.equal((await client.query("SELECT 1 FROM pg_roles WHERE rolname = 'alice'")).rowCount, 0);

      const reply = await compute.request("POST", "/configure", { body: moved(world) });
      assert.equal(reply.status, 200, "T-11: nobody waits for the pause after a refresh");
    }));

  it("LIFE-31: keeps trying while the config file is missing, and recovers by itself", () =>
    withWorld({}, async (world) => {
      const compute = await start(world);
      await rename(world.path("config.json"), world.path("gone.json"));
      await accepted(compute);
      await compute.waitForLog(/ERROR could not refresh the configuration, trying again: .*config\.json/);
      assert.equal((await compute.status())?.status, "refresh_configuration");
      await compute.waitForLog(/from refresh-configuration to refresh-configuration-pending\n/);
      await rename(world.path("gone.json"), world.path("config.json"));
      await compute.waitFor("running");
      await compute.connect();
      assert.match((await compute.request("GET", "/operations")).text, /"kind":"refresh"/);
    }));

  it("T-12: tries a spec again that could not be brought into force", () =>
    withWorld({}, async (world) => {
      const compute = await start(world);
      const wanted = moved(world);
      const databases = [{ name: "ledger", owner: "late", options: null }];
      await world.write(
        "config.json",
        JSON.stringify({
          ...wanted,
          spec: { ...wanted.spec, cluster: { ...wanted.spec.cluster, databases } },
        }),
      );
      await accepted(compute);
      await compute.waitForLog(/ERROR could not refresh the configuration, trying again: .*late/);
      await (await compute.connect()).query("CREATE ROLE late");
      await compute.waitFor("running");
      await compute.connect({ database: "ledger" });
    }));

  it("LIFE-93, T-6: ends the program with 1, and Postgres before it, when the spec was withdrawn", () =>
    withWorld({}, async (world) => {
      const compute = await start(world);
      const { compute_ctl_config } = world.config();
      await world.write("config.json", JSON.stringify({ compute_ctl_config }));
      await accepted(compute);
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
      assert.match(compute.log(), /has no spec: this compute is not wanted any more/);
      assert.match(compute.log(), /LOG: {2}database system is shut down\n/);
      assert.deepEqual(processesOf(world.folder), []);
      assert.ok(!existsSync(join(world.pgdata, "postmaster.pid")));
    }));
});
