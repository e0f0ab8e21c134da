import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { bashEntrypoint, untilReady } from "../support/clients.ts";
import { answer, withControlPlane } from "../support/control-plane.ts";
import { type World, withWorld } from "../support/world.ts";

/** The base backup's own rules let everybody in from 127.0.0.1. */
const readOne = "SELECT 1 AS one";

/** A shard map with one shard and without a stripe size, as two of the operators write it. */
function oneShard(world: World): object {
  return { shard_count: 1, shards: { "0001": { pageservers: [{ id: 1, libpq_url: world.storage.pageserverUrl }] } } };
}

describe("who sends what (chapter 09): clients on Kubernetes", () => {
  it("operator family A: a ConfigMap without a spec, then the whole answer of its control plane by /configure", () =>
    withWorld({}, async (world) => {
      const { compute_ctl_config } = world.config();
      const compute = await world.start({
        command: await bashEntrypoint(world),
        config: { format_version: "1.0", compute_ctl_config },
        env: { PATH: "/usr/bin:/bin", OTEL_SDK_DISABLED: "true" },
      });
      await compute.waitFor("empty");
      // An `aud` that is a text, and a member that no compute knows.
      const token = await world.token({ scope: "compute_ctl:admin", aud: "compute", roles: ["compute_ctl:admin"] });
      const spec = {
        pageserver_connstring: null,
        pageserver_connection_info: oneShard(world),
        safekeeper_connstrings: world.storage.safekeeperHostPorts.map((each) => `postgresql://postgres:@${each}`),
      };
      const body = { status: "attached", ...world.config({ spec }) };
      const reply = await compute.request("POST", "/configure", { token, body });
      assert.equal(reply.status, 200, reply.text);
      assert.deepEqual((await (await compute.connect()).query(readOne)).rows, [{ one: 1 }]);
      // It repeats the same whenever it reconciles.
      assert.equal((await compute.request("POST", "/configure", { token, body })).status, 200);
      await compute.waitForLog(/the spec wants what is in force already/);

      const stopped = await compute.request("POST", "/terminate?mode=immediate", { token });
      assert.equal(stopped.status, 200, stopped.text);
      assert.deepEqual(await compute.exited, { code: 0, signal: null });
    }));

  it("operator family A: a control plane that is asked without a token", () =>
    withWorld({}, (world) =>
      withControlPlane(async (controlPlane) => {
        await controlPlane.open();
        controlPlane.answers(answer(200, { status: "attached", ...world.config() }));
        const compute = await world.start({
          command: await bashEntrypoint(world),
          args: ["--control-plane-uri", controlPlane.uri],
          env: { PATH: "/usr/bin:/bin", OTEL_SDK_DISABLED: "true" },
        });
        await untilReady(compute);
        assert.equal(controlPlane.requests[0]?.authorization?.trim(), "Bearer");
        await compute.request("POST", "/terminate?mode=immediate");
        assert.deepEqual(await compute.exited, { code: 0, signal: null });
      }),
    ));

  it("operator B: empty with half a spec, TCP probes, moves by /configure, pg_ctl stop before the end", () =>
    withWorld({}, async (world) => {
      const spec = { pageserver_connstring: null, pageserver_connection_info: { shard_count: 0, shards: {} } };
      const idle = { status: "empty", ...world.config({ spec, cluster: { databases: null } }) };
      const compute = await world.start({ config: idle });
      await compute.waitFor("empty");

      const body = world.config({ cluster: { databases: null } });
      assert.equal((await compute.request("POST", "/configure", { body })).status, 200);
      const probe = connect(compute.ports.postgres, "127.0.0.1");
      await once(probe, "connect");
      probe.destroy();

      // The pageserver and the safekeepers are called otherwise now, and are the same.
      const moved = world.config({
        cluster: { databases: null },
        spec: {
          pageserver_connstring: world.storage.pageserverUrl.replace("127.0.0.1", "localhost"),
          safekeeper_connstrings: world.storage.safekeeperHostPorts.map((each) =>
            each.replace("127.0.0.1", "localhost"),
          ),
        },
      });
      assert.equal((await compute.request("POST", "/configure", { body: moved })).status, 200);
      const client = await compute.connect();
      const { rows } = await client.query("SHOW neon.safekeepers");
      assert.match(rows[0]["neon.safekeepers"], /^localhost:/);

      const { bindir, runAs } = world.storage.postgres;
      await promisify(execFile)(join(bindir, "pg_ctl"), ["stop", "-D", world.pgdata, "-m", "fast", "-w"], {
        cwd: "/",
        ...(runAs === null ? {} : { uid: runAs.uid, gid: runAs.gid }),
      });
      assert.deepEqual(await compute.exited, { code: 0, signal: null });
    }));

  it("a Java control plane: a warm pool, closed to everybody until its keys are in", () =>
    withWorld({}, async (world) => {
      const closed = await world.start({ config: { compute_ctl_config: { jwks: { keys: [] } } }, args: ["--dev"] });
      await closed.waitForLog(/jwks has no keys: every route that needs a token will answer 401/);
      await closed.waitForLog(/internal HTTP server listening/);
      const refused = await closed.request("POST", "/configure", { body: world.config() });
      assert.equal(refused.status, 401);
      await closed.waitForLog(/there is no key that can be used/);
      closed.signal("SIGTERM");
      await closed.exited;

      const { compute_ctl_config } = world.config();
      const pod = await world.start({ config: { compute_ctl_config }, args: ["--dev"] });
      await pod.waitFor("empty");
      const pageserver = world.storage.pageserverUrl.replace(/\/\/[^@/]*@/, "//");
      const parts = {
        spec: { pageserver_connstring: pageserver },
        cluster: {
          roles: [{ name: "app", encrypted_password: "", options: [] }],
          databases: [{ name: "app", owner: "app" }],
        },
      };
      assert.equal((await pod.request("POST", "/configure", { body: world.config(parts) })).status, 200);
      const client = await pod.connect();
      const { rows } = await client.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'app'");
      assert.deepEqual(rows, [{ rolpassword: null }]);
      await pod.waitForLog(/roles\[0\]\.encrypted_password: empty, taken as no password/);
      pod.signal("SIGTERM");
      assert.deepEqual(await pod.exited, { code: 1, signal: null });
    }));

  it("a Java control plane: an idle replica is not made a primary by /configure, and is none the worse for it", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config({ spec: { mode: "Replica" } }), args: ["--dev"] });
      await compute.waitFor("running");
      const reply = await compute.request("POST", "/configure", { body: world.config() });
      assert.equal(reply.status, 400);
      assert.match(reply.text, /use \/promote/);
      assert.equal((await compute.status())?.status, "running");
      assert.equal((await compute.request("POST", "/terminate?mode=immediate")).status, 200);
      assert.deepEqual(await compute.exited, { code: 0, signal: null });
    }));

  it("a TypeScript control plane: 503 while it is not ready, /status every 0.5 s, the label of /metrics, terminate", () =>
    withWorld({}, (world) =>
      withControlPlane(async (controlPlane) => {
        await controlPlane.open();
        controlPlane.answers(answer(503, { error: "not ready" }, { "retry-after": "0" }));
        const args = ["--control-plane-uri", controlPlane.uri];
        const compute = await world.start({ args, env: { NEON_CONTROL_PLANE_TOKEN: "made-up" } });
        await controlPlane.asked(3);
        const group = { name: "readers", options: [{ name: "NOLOGIN", value: null, vartype: "bool" }] };
        const spec = {
          pageserver_connection_info: oneShard(world),
          pageserver_connstring: world.storage.pageserverUrl,
        };
        const config = world.config({ spec, cluster: { roles: [group] } });
        controlPlane.answers(answer(200, { status: "attached", ...config }));

        const seen: (string | undefined)[] = [];
        while (seen.at(-1) !== "running") {
          seen.push((await compute.status())?.status);
          await delay(500);
        }
        assert.deepEqual(
          [...new Set(seen)].filter((each) => each !== undefined && each !== "init"),
          ["running"],
        );
        const { text } = await compute.request("GET", "/metrics", { token: null });
        assert.match(text, /^compute_ctl_up\{[^}]*status="running"\} 1$/m);
        const { rows } = await (await compute.connect()).query(
          "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'readers'",
        );
        assert.deepEqual(rows, [{ rolcanlogin: false }]);
        const stopped = await compute.request("POST", "/terminate?mode=fast");
        assert.ok([200, 201].includes(stopped.status), stopped.text);
        assert.deepEqual(await compute.exited, { code: 0, signal: null });
      }),
    ));
});
