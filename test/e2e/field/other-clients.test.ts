import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { makeCgroupFolder } from "../../vm-monitor/cgroup-folder.ts";
import { untilReady, writeProgram } from "../support/clients.ts";
import type { ComputeProcess } from "../support/compute-process.ts";
import { ask } from "../support/http.ts";
import { computeCtl, type World, withWorld } from "../support/world.ts";

/** A spec that says all it has to say by settings, as templates for `envsubst` do. */
function bySettings(world: World): object {
  const { storage, ports } = world;
  const settings = {
    port: ports.postgres,
    listen_addresses: "127.0.0.1",
    fsync: "off",
    unix_socket_directories: "",
    "neon.safekeepers": storage.safekeeperHostPorts.join(","),
    "neon.pageserver_connstring": storage.pageserverUrl,
    "neon.tenant_id": storage.tenantId,
    "neon.timeline_id": storage.timelineId,
  };
  const list = Object.entries(settings).map(([name, value]) => ({ name, value: String(value), vartype: "string" }));
  const cluster = { cluster_id: "compose", name: "compose", roles: [], databases: [], settings: list };
  return { format_version: 1.0, suspend_timeout_seconds: -1, operation_uuid: null, cluster, delta_operations: [] };
}

/** It answers a query, and goes when its supervisor says so. */
async function servesAndEnds(compute: ComputeProcess): Promise<void> {
  assert.deepEqual((await (await compute.connect()).query("SELECT 1 AS one")).rows, [{ one: 1 }]);
  compute.signal("SIGTERM");
  assert.deepEqual(await compute.exited, { code: 1, signal: null });
}

describe("who sends what (chapter 09): compose files, homelabs, VMs and the oldest", () => {
  it("compose families: filled templates, all by settings, a key that does not decode, nothing called", () =>
    withWorld({}, async (world) => {
      const keys = [
        { use: "sig", key_ops: ["verify"], alg: "EdDSA", kid: "k", kty: "OKP", crv: "Ed25519", x: "not a key" },
      ];
      const template = JSON.stringify({ spec: bySettings(world), compute_ctl_config: { jwks: { keys } } });
      const raw = template.replace(world.storage.tenantId, "$" + "{TENANT_ID}");
      const unfilled = await world.start({ config: raw });
      assert.deepEqual(await unfilled.exited, { code: 1, signal: null });
      assert.match(unfilled.log(), /invalid tenant id\n +hint: .*replace the template's placeholder/);

      const compute = await world.start({ config: template });
      await untilReady(compute);
      assert.match(compute.log(), /skipping an authorization key, k: its member x is not strict base64url/);
      assert.equal((await compute.request("GET", "/status")).status, 401);
      await servesAndEnds(compute);
    }));

  it("homelab in Go: no suspend timeout, null passwords, and the four calls", () =>
    withWorld({}, async (world) => {
      const cluster = {
        roles: [{ name: "me", encrypted_password: null, options: null }],
        databases: [{ name: "mine", owner: "me" }],
      };
      const { spec, ...rest } = world.config({ cluster });
      const { suspend_timeout_seconds: _, ...bare } = spec;
      const config = { spec: bare, ...rest };
      const compute = await world.start({ config });
      await compute.waitFor("running");
      assert.match(compute.log(), /spec\.suspend_timeout_seconds: missing, taken as 0/);
      // Its readiness is that Postgres takes connections, which is what pg_isready looks for.
      await compute.connect({ user: "me", database: "mine" });
      const listed = JSON.parse((await compute.request("GET", "/dbs_and_roles")).text);
      assert.ok(listed.roles.some(({ name }: { readonly name: string }) => name === "me"));
      assert.equal((await compute.request("POST", "/configure", { body: config })).status, 200);
      assert.equal((await compute.request("POST", "/terminate")).status, 200);
      assert.deepEqual(await compute.exited, { code: 0, signal: null });
    }));

  it("micro-VM launchers: only compute_ctl_config, then /configure over IPv6 with retries, RS256 keys, AUTOSCALING", () =>
    withWorld({}, async (world) => {
      const cgroup = await makeCgroupFolder(1024 * 1024, "neon-postgres");
      try {
        const key = world.path("key.pem");
        const keygen = ["keygen", "--out", key, "--algorithm", "RS256"];
        const jwks = JSON.parse((await promisify(execFile)(computeCtl, keygen)).stdout);
        const token = (
          await promisify(execFile)(computeCtl, ["token", "--key", key, "-i", "compute-e2e"])
        ).stdout.trim();
        const cgexec = await writeProgram(world, "cgexec", '#!/bin/sh\nshift 2\nexec "$@"\n');
        const compute = await world.start({
          config: { compute_ctl_config: { jwks, tls: null }, vm: { cpus: 2 } },
          adminToken: token,
          env: { AUTOSCALING: "true", PATH: `${dirname(cgexec)}:/usr/bin:/bin` },
          args: ["--vm-monitor-addr", "127.0.0.1:0", "--cgroup-root", cgroup.places.root],
        });
        const config = world.config();
        const body = { ...config, spec: { ...config.spec, vm: { memory: "4Gi" }, timestamp: "2031-04-05T06:07:08Z" } };
        const post = (what: unknown) =>
          ask({ host: "::1", port: compute.ports.external, method: "POST", path: "/configure", token, body: what });
        // It tries again until somebody answers; what is then below 500 is final.
        let reply = await post(body).catch(() => undefined);
        while (reply === undefined || reply.status >= 500) reply = await post(body).catch(() => undefined);
        assert.equal(reply.status, 200, reply.text);
        assert.equal((await post({ spec: {} })).status, 422);
        await compute.waitForLog(/the vm-monitor listens at/);
        compute.signal("SIGTERM");
        assert.deepEqual(await compute.exited, { code: 1, signal: null });
      } finally {
        await cgroup.remove();
      }
    }));

  for (const [flag, env, status] of [
    ["--spec-path", {}, 400],
    ["-S", { INSTANCE_ID: "" }, 200],
  ] as const) {
    it(`the oldest: a bare spec by ${flag}, one HTTP port, no compute id, Postgres 14, tokenless /status: ${status}`, () =>
      withWorld({ major: 14 }, async (world) => {
        const { suspend_timeout_seconds: _, ...spec } = world.config().spec;
        const file = await world.write("spec.json", JSON.stringify({ ...spec, endpoint_id: "ep-old-1" }));
        const compute = await world.start({
          httpPort: true,
          computeId: null,
          args: [flag, file, "--remote-ext-config", '{"bucket": "old"}'],
          env,
        });
        await untilReady(compute);
        assert.equal((await compute.request("GET", "/status", { token: null })).status, status);
        await compute.waitForLog(/--remote-ext-config is ignored/);
        await servesAndEnds(compute);
      }));
  }
});
