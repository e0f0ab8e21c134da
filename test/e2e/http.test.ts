import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { describe, it, type TestContext } from "node:test";
import { startupMetricNames } from "../../src/compute/startup-metrics.ts";
import { createTokenAuthority } from "../../src/standin/token.ts";
import { adminClaims } from "./support/admin-token.ts";
import type { ComputeProcess } from "./support/compute-process.ts";
import { ask } from "./support/http.ts";
import { type World, withWorld } from "./support/world.ts";

describe("the HTTP API of a compute", () => {
  it("is guarded on the outside, and small on the inside", (t) =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config(), env: { BUILD_TAG: "tag-7" } });
      await compute.waitFor("running");
      await checkTokens(t, world, compute);
      await checkMetrics(t, compute);
      await checkPorts(t, world, compute);
      await t.test("HTTP-17: no token shows in the log", () => {
        assert.ok(!compute.log().includes(world.adminToken.split(".")[2] ?? "."));
      });
    }));

  it("MET-3, LIFE-42: compute_ctl_up has exactly one sample, which follows the status", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: { compute_ctl_config: world.config().compute_ctl_config } });
      await compute.waitFor("empty");
      assert.deepEqual(await upSamples(compute), ['compute_ctl_up{build_tag="latest",status="empty"} 1']);
      await compute.request("POST", "/configure", { body: world.config() });
      assert.deepEqual(await upSamples(compute), ['compute_ctl_up{build_tag="latest",status="running"} 1']);
      await compute.request("POST", "/terminate");
      assert.deepEqual(await upSamples(compute), ['compute_ctl_up{build_tag="latest",status="terminated"} 1']);
      await compute.exited;
    }));

  it("HTTP-23: is open with INSTANCE_ID in the environment, even an empty one", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({
        config: { compute_ctl_config: { jwks: { keys: [] } } },
        env: { INSTANCE_ID: "" },
      });
      await compute.waitFor("empty");
      assert.equal((await compute.request("GET", "/status", { token: null })).status, 200);
    }));
});

async function checkTokens(t: TestContext, world: World, compute: ComputeProcess): Promise<void> {
  const stranger = await createTokenAuthority();
  const hourAgo = Math.floor(Date.now() / 1000) - 3600;
  const cases: readonly (readonly [what: string, token: string | null, status: number, error: string | null])[] = [
    ["no token", null, 400, "invalid authorization token"],
    ["a token of another key", await stranger.issue(adminClaims), 401, "failed to verify authorization token"],
    ["nonsense", "nonsense", 401, "failed to verify authorization token"],
    [
      "an expired token",
      await world.token({ ...adminClaims, exp: hourAgo }),
      401,
      "failed to verify authorization token",
    ],
    [
      "an admin's token for somebody else",
      await world.token({ ...adminClaims, aud: ["other"] }),
      401,
      "invalid audience in authorization token claims",
    ],
    [
      "a token of another compute",
      await world.token({ compute_id: "compute-other" }),
      403,
      "invalid compute ID in authorization token claims",
    ],
    ["a token of this compute", await world.token({ compute_id: "compute-e2e" }), 200, null],
    ["an admin's token", world.adminToken, 200, null],
  ];
  for (const [what, token, status, error] of cases) {
    await t.test(`HTTP-24 to HTTP-30: answers ${status} to ${what}`, async () => {
      for (const path of ["/status", "/metrics.json"]) {
        const reply = await compute.request("GET", path, { token });
        assert.equal(reply.status, status);
        if (error !== null) assert.deepEqual(reply.json(), { error });
      }
    });
  }
  await t.test("HTTP-9: a bad token beats a bad body, and does nothing", async () => {
    for (const path of ["/configure", "/terminate"]) {
      assert.equal((await compute.request("POST", path, { token: "nonsense", body: "{" })).status, 401);
    }
    assert.equal((await compute.status())?.status, "running");
  });
}

async function checkMetrics(t: TestContext, compute: ComputeProcess): Promise<void> {
  await t.test("HTTP-23, HTTP-35, MET-1: /metrics is open to all", async () => {
    const reply = await compute.request("GET", "/metrics", { token: null });
    assert.deepEqual([reply.status, reply.headers["content-type"]], [200, "text/plain; version=0.0.4"]);
    assert.deepEqual(await upSamples(compute), ['compute_ctl_up{build_tag="tag-7",status="running"} 1']);
  });
  await t.test("HTTP-34, LIFE-65, MET-9: /metrics.json has its thirteen figures, of this very start", async () => {
    const body: unknown = (await compute.request("GET", "/metrics.json")).json();
    assert.ok(typeof body === "object" && body !== null);
    assert.deepEqual(Object.keys(body), startupMetricNames);
    assert.equal(Object.keys(body).length, 13);
    const figures: ReadonlyMap<string, unknown> = new Map(Object.entries(body));
    for (const name of ["basebackup_ms", "basebackup_bytes", "start_postgres_ms", "config_ms", "total_startup_ms"]) {
      const figure = figures.get(name);
      assert.ok(typeof figure === "number" && Number.isInteger(figure) && figure > 0, `${name}: ${String(figure)}`);
    }
    assert.equal(figures.get("wait_for_spec_ms"), 0);
  });
}

async function checkPorts(t: TestContext, world: World, compute: ComputeProcess): Promise<void> {
  const { external, internal } = world.ports;
  await t.test("HTTP-11: the internal server knows no external route", async () => {
    for (const path of ["/status", "/metrics", "/metrics.json", "/"]) {
      const reply = await compute.request("GET", path, { port: internal });
      assert.deepEqual([reply.status, reply.text], [404, ""], path);
    }
  });
  await t.test("HTTP-2: the external server listens on IPv4 and IPv6", async () => {
    for (const host of ["127.0.0.1", "::1"]) {
      const reply = await ask({ host, port: external, method: "GET", path: "/metrics", token: null });
      assert.equal(reply.status, 200, host);
    }
  });
  await t.test("the internal server listens on loopback only", async (inner) => {
    const outside = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .find((each) => !each.internal);
    if (outside === undefined) return inner.skip("this machine has no address but loopback");
    const { address: host, family, scopeid } = outside;
    const target = {
      host: family === "IPv6" && scopeid ? `${host}%${scopeid}` : host,
      method: "GET",
      path: "/metrics",
    };
    assert.equal((await ask({ ...target, port: external, token: null })).status, 200);
    await assert.rejects(ask({ ...target, port: internal, token: null }), { code: "ECONNREFUSED" });
  });
}

async function upSamples(compute: ComputeProcess): Promise<readonly string[]> {
  const { text } = await compute.request("GET", "/metrics", { token: null });
  return text.split("\n").filter((line) => line.startsWith("compute_ctl_up"));
}
