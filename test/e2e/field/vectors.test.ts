import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ComputeProcess } from "../support/compute-process.ts";
import { type World, withWorld } from "../support/world.ts";

const modes = [
  { name: "by default", strict: false, args: [] },
  { name: "with --strict", strict: true, args: ["--strict"] },
] as const;

/** The warnings of a log that name this, without what comes before them. */
function warnings(compute: ComputeProcess, pattern: RegExp): readonly string[] {
  return compute
    .log()
    .split("\n")
    .filter((line) => line.includes(" WARN ") && pattern.test(line));
}

const emptyShards = { pageserver_connstring: null, pageserver_connection_info: { shard_count: 0, shards: {} } };

describe("the test vectors of chapter 09", () => {
  for (const { name, strict, args } of modes) {
    it(`FIELD-8: format_version beside compute_ctl_config is an empty compute, ${name}`, () =>
      withWorld({}, async (world) => {
        const { compute_ctl_config } = world.config();
        const compute = await world.start({ config: { format_version: "1.0", compute_ctl_config }, args });
        await compute.waitFor("empty");
        assert.equal(warnings(compute, /there is no spec, but format_version/).length, strict ? 0 : 1);
      }));

    it(`FIELD-8: status "empty" beside a spec whose shard map is empty, ${name}`, () =>
      withWorld({}, async (world) => {
        const config = { status: "empty", ...world.config({ spec: emptyShards }) };
        const compute = await world.start({ config, args });
        if (strict) {
          assert.deepEqual(await compute.exited, { code: 1, signal: null });
          assert.match(compute.log(), /shard 0000 missing from pageserver_connection_info shard map/);
          return;
        }
        await compute.waitFor("empty");
        assert.equal(warnings(compute, /status: "empty" beside a spec that cannot be used/).length, 1);
        assert.equal((await compute.request("POST", "/configure", { body: world.config() })).status, 200);
      }));

    it(`FIELD-8: safekeepers as URLs, ${name}`, () =>
      withWorld({}, async (world) => {
        const urls = world.storage.safekeeperHostPorts.map((hostPort) => `postgresql://postgres:@${hostPort}`);
        const config = world.config({ spec: { safekeeper_connstrings: urls } });
        const compute = await world.start({ config, args: [...args, "--sync-timeout", "1"] });
        if (strict) {
          await compute.waitForLog(/Changing compute status from init to failed/);
          assert.match(compute.log(), /postgresql/);
          return;
        }
        await compute.waitFor("running");
        const client = await compute.connect();
        const { rows } = await client.query("SHOW neon.safekeepers");
        assert.equal(rows[0]["neon.safekeepers"], world.storage.safekeeperHostPorts.join(","));
        assert.equal(warnings(compute, /spec\.safekeeper_connstrings\[0\]: a URL, taken as .*; so 2 more$/).length, 1);
      }));

    it(`FIELD-9: the role option NOLOGIN, ${name}`, () =>
      withWorld({}, async (world) => {
        const roles = [{ name: "group_of_all", options: [{ name: "NOLOGIN", value: null, vartype: "bool" }] }];
        const compute = await world.start({ config: world.config({ cluster: { roles } }), args });
        if (strict) {
          await compute.waitForLog(/Changing compute status from init to failed/);
          assert.match((await compute.status())?.error ?? "", /conflicting or redundant options/);
          return;
        }
        await compute.waitFor("running");
        const client = await compute.connect();
        const { rows } = await client.query("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'group_of_all'");
        assert.deepEqual(rows, [{ rolcanlogin: false }]);
      }));

    it(`FIELD-7: a token whose aud is a text, ${name}`, () =>
      withWorld({}, async (world) => {
        const { compute_ctl_config } = world.config();
        const compute = await world.start({ config: { compute_ctl_config }, args });
        await compute.waitFor("empty");
        const token = await world.token({ scope: "compute_ctl:admin", aud: "compute" });
        assert.equal((await compute.request("GET", "/status", { token })).status, strict ? 401 : 200);
        if (strict) assert.match(compute.log(), /the claim aud is not an array of strings/);
      }));

    it(`FIELD-10: a replica is not turned into a primary by /configure, ${name}`, () =>
      withWorld({}, async (world) => {
        const compute = await world.start({ config: world.config({ spec: { mode: "Replica" } }), args });
        await compute.waitFor("running");
        const reply = await compute.request("POST", "/configure", { body: world.config() });
        assert.equal(reply.status, 400);
        assert.match(reply.text, /the mode of a running compute cannot change \(hint: use \/promote/);
        assert.equal((await compute.status())?.status, "running");
        assert.equal(await setting(compute, "hot_standby"), "on");
      }));

    it(`FIELD-5: settings as an object, ${name}`, () =>
      withWorld({}, async (world) => {
        const config = world.config({ cluster: { settings: { port: 5432 } } });
        const compute = await world.start({ config, args });
        assert.deepEqual(await compute.exited, { code: 1, signal: null });
        assert.match(
          compute.log(),
          /spec\.cluster\.settings: invalid type: map, expected a sequence\n +hint: settings are a list/,
        );
      }));
  }
});

describe("a /configure that fails half way (FIELD-10)", () => {
  it("leaves the settings before in force, and says why in the answer and in error", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config({ settings: { work_mem: "5MB" } }) });
      await compute.waitFor("running");
      // The settings are fine; the database of an owner that nobody has is refused after they are in force.
      const body = world.config({
        settings: { work_mem: "7MB" },
        cluster: { databases: [{ name: "orphan", owner: "nobody_at_all" }] },
      });
      const reply = await compute.request("POST", "/configure", { body });
      assert.equal(reply.status, 500);
      assert.match(reply.text, /nobody_at_all/);
      const status = await compute.status();
      assert.equal(status?.status, "failed");
      assert.match(status.error ?? "", /nobody_at_all/);
      assert.equal(await setting(compute, "work_mem"), "5MB");
    }));

  it("goes on although its caller hangs up", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config() });
      await compute.waitFor("running");
      await hangUp(world, compute, world.config({ settings: { work_mem: "7MB" } }));
      await compute.waitForLog(/finished reconfiguration of compute node/);
      assert.equal(await setting(compute, "work_mem"), "7MB");
    }));
});

/** Posts a config and goes away as soon as it is sent. */
async function hangUp(world: World, compute: ComputeProcess, body: object): Promise<void> {
  const { request } = await import("node:http");
  const sent = request({
    host: "127.0.0.1",
    port: compute.ports.external,
    method: "POST",
    path: "/configure",
    headers: { authorization: `Bearer ${world.adminToken}`, "content-type": "application/json" },
  });
  sent.on("error", () => {});
  await new Promise<void>((resolve) => void sent.end(JSON.stringify(body), () => resolve()));
  await compute.waitForLog(/configuration-pending/);
  sent.destroy();
}

async function setting(compute: ComputeProcess, name: string): Promise<unknown> {
  const client = await compute.connect();
  const { rows } = await client.query(`SHOW ${name}`);
  return rows[0][name];
}
