import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { scramVerifier } from "./support/verifier.ts";
import { computeCtl, withWorld } from "./support/world.ts";

const run = promisify(execFile);

describe("the looks that a running compute offers into its catalog", () => {
  it("HTTP-80, HTTP-81: what an apply would change, and where the migrations are", () =>
    withWorld({}, async (world) => {
      const verifier = scramVerifier("marmalade");
      const config = world.config({
        cluster: {
          roles: [{ name: "amy", encrypted_password: verifier }],
          databases: [{ name: "shop", owner: "amy" }],
        },
      });
      const compute = await world.start({ config });
      const plan = () => compute.request("GET", "/plan", { port: world.ports.internal, token: null });
      await compute.waitFor("running");
      assert.equal((await compute.request("GET", "/plan")).status, 404, "it is not for the external server");
      const settled = await plan();
      const warnings = ["extension neon is not available on this server: skipped"];
      assert.deepEqual([settled.status, settled.json()], [200, { changes: false, phases: [], warnings }]);

      await compute.waitForLog(/Finished migration id=12\n/);
      const migrations = await compute.request("GET", "/migrations");
      assert.deepEqual(migrations.json(), { state: "done", applied: 12, total: 12, failed: null });
      assert.equal((await compute.request("GET", "/migrations", { token: null })).status, 400);
      assert.deepEqual(Object.keys((await compute.request("GET", "/status")).json() ?? {}).length, 6);
      const { text } = await compute.request("GET", "/metrics");
      assert.match(text, /^compute_ctl_db_migration_id\{state="done"\} 12$/m);

      const client = await compute.connect();
      await client.query("ALTER ROLE amy PASSWORD 'by hand'; DROP TABLE public.health_check");
      const drifted = await plan();
      assert.equal(drifted.status, 200);
      assert.ok(!drifted.text.includes(verifier) && !drifted.text.includes("SCRAM-SHA-256$"), drifted.text);
      const connstr = `postgresql://cloud_admin@127.0.0.1:${world.ports.postgres}/postgres`;
      const asked = ["plan", "-c", world.path("config.json"), "-C", connstr, "--json"];
      const told = await run(computeCtl, asked, { env: {} }).catch((error) => error);
      assert.equal(told.code, 10, told.stderr);
      assert.deepEqual(drifted.json(), JSON.parse(told.stdout));
      assert.match(drifted.text, /"kind":"alter-role","database":null,"what":"alter role \\"amy\\" PASSWORD '\*\*\*'"/);

      assert.equal((await compute.request("POST", "/configure", { body: config })).status, 200);
      assert.match((await plan()).text, /^\{"changes":true/, "the spec in force was asked for again: nothing was done");
      const other = world.config({ spec: { project_id: "other" }, cluster: config.spec.cluster });
      assert.equal((await compute.request("POST", "/configure", { body: other })).status, 200);
      assert.deepEqual((await plan()).json(), { changes: false, phases: [], warnings });
    }));

  it("HTTP-80: neither a look nor the drift check takes for drift what this server cannot do", () =>
    withWorld({}, async (world) => {
      const settings = { shared_preload_libraries: "neon,pg_stat_statements,timescaledb" };
      const config = world.config({ settings, spec: { audit_log_level: "Base" } });
      const compute = await world.start({ config, args: ["--drift-check-interval", "1"] });
      await compute.waitFor("running");
      await compute.waitForLog(/check_drift: no drift/);
      const plan = await compute.request("GET", "/plan", { port: world.ports.internal });
      assert.equal(plan.status, 200);
      assert.match(plan.text, /^\{"changes":false/);
    }));

  it("HTTP-80: says why nothing is ever applied, and refuses while the compute does not run", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config({ spec: { skip_pg_catalog_updates: true } }) });
      await compute.waitFor("running");
      const plan = await compute.request("GET", "/plan", { port: world.ports.internal });
      const warnings = ["the catalog of this compute is not applied: spec.skip_pg_catalog_updates is set"];
      assert.deepEqual([plan.status, plan.json()], [200, { changes: false, phases: [], warnings }]);
      const migrations = await compute.request("GET", "/migrations");
      assert.deepEqual(migrations.json(), { state: "waiting", applied: null, total: 12, failed: null });
      assert.equal((await compute.request("POST", "/terminate?mode=fast")).status, 200);
      assert.equal((await compute.request("GET", "/plan", { port: world.ports.internal })).status, 412);
    }));
});

describe("FAILPOINTS (MIG-7, HTTP-75)", () => {
  it("has a migration fail on purpose, in a test", () =>
    withWorld({}, async (world) => {
      const env = { FAILPOINTS: "compute-migration=return(4)", COMPUTE_CTL_TESTING: "1" };
      const compute = await world.start({ config: world.config(), env });
      await compute.waitForLog(
        /Failed to run migration id=4: migration 4 was configured to fail because of a failpoint/,
      );
      const migrations = await compute.request("GET", "/migrations");
      assert.match(migrations.text, /^\{"state":"failed","applied":3,"total":12,"failed":\{"id":4,/);
      assert.equal((await compute.status())?.status, "running");
      const { text } = await compute.request("GET", "/metrics");
      assert.match(text, /^compute_ctl_db_migration_failed_total\{migration_id="4"\} 1$/m);
    }));

  it("does nothing but warn outside of tests", () =>
    withWorld({}, async (world) => {
      const env = { FAILPOINTS: "compute-migration=return(4)" };
      const compute = await world.start({ config: world.config(), env });
      await compute.waitForLog(/Finished migration id=12\n/);
      assert.match(compute.log(), / WARN FAILPOINTS is set, but has no effect/);
    }));
});

describe("--write-passwords-directly", () => {
  it("lets roles in with their passwords, and logs neither", () =>
    withWorld({}, async (world) => {
      const names = Array.from({ length: 60 }, (_, index) => `role ${index}`);
      const verifier = scramVerifier("marmalade");
      const roles = names.map((name) => ({ name, encrypted_password: verifier }));
      const config = world.config({ cluster: { roles }, settings: { log_statement: "all" } });
      const compute = await world.start({ config, args: ["--write-passwords-directly"] });
      await compute.waitFor("running");
      const client = await compute.connect({ user: "role 59", password: "marmalade" });
      assert.equal((await client.query("SELECT 1 AS one")).rows.length, 1);
      await assert.rejects(compute.connect({ user: "role 59", password: "jam" }), /password authentication failed/);
      assert.ok(!compute.log().includes(verifier) && !compute.log().includes("UPDATE pg_catalog.pg_authid"));
    }));
});
