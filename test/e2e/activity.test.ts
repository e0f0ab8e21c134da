import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Client } from "pg";
import type { ComputeProcess } from "./support/compute-process.ts";
import type { ConfigJson } from "./support/config.ts";
import { type World, withWorld } from "./support/world.ts";

const settings = { autovacuum: "off" };
const cluster = {
  roles: [{ name: "app_owner", options: null, encrypted_password: null }],
  databases: [{ name: "shop", owner: "app_owner", options: null }],
};
const customer = { user: "app_owner", database: "shop" };

/** The numbers of the samples of a family, by their labels as they are written. */
async function samples(compute: ComputeProcess, family: string): Promise<ReadonlyMap<string, number>> {
  const { text } = await compute.request("GET", "/metrics", { token: null });
  const lines = text
    .split("\n")
    .filter((line) => line === family || line.startsWith(`${family}{`) || line.startsWith(`${family} `));
  return new Map(
    lines.map((line) => {
      const [, labels = "", value = ""] = /^[a-z_]+(\{.*\})? (.*)$/.exec(line) ?? [];
      return [labels, Number(value)];
    }),
  );
}

async function value(compute: ComputeProcess, family: string): Promise<number> {
  return (await samples(compute, family)).get("") ?? Number.NaN;
}

/** How many looks there were. */
async function looks(compute: ComputeProcess): Promise<number> {
  return [...(await samples(compute, "compute_ctl_activity_checks_total")).values()].reduce(
    (sum, each) => sum + each,
    0,
  );
}

/** Waits until the monitor has looked so many times more. */
async function moreLooks(compute: ComputeProcess, count: number): Promise<void> {
  const wanted = (await looks(compute)) + count;
  while ((await looks(compute)) < wanted);
}

async function lastActive(compute: ComputeProcess): Promise<string | null> {
  return (await compute.status())?.last_active ?? null;
}

function config(world: World, spec: object = {}): ConfigJson {
  return world.config({ settings, cluster, spec: { ...spec } });
}

async function started(world: World, spec: object = {}): Promise<ComputeProcess> {
  const compute = await world.start({ config: config(world, spec) });
  await compute.waitFor("running");
  return compute;
}

/** A session of some milliseconds: it comes, asks and goes. */
async function visit(compute: ComputeProcess): Promise<void> {
  const client = await compute.connect(customer);
  await client.query("SELECT 1");
  await client.end();
}

async function stateChangeOf(client: Client, user: string): Promise<string> {
  const { rows } = await client.query(
    "SELECT to_char(state_change AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') AS moment FROM pg_stat_activity WHERE usename = $1",
    [user],
  );
  return String(rows[0]?.moment);
}

describe("what /status says of activity", () => {
  it("MON-11, MON-13: is null until somebody comes, then an idle session's moment, with microseconds", () =>
    withWorld({}, async (world) => {
      const compute = await started(world, { features: [] });
      await moreLooks(compute, 2);
      assert.equal(await lastActive(compute), null);
      const client = await compute.connect(customer);
      await client.query("SET timezone = 'Asia/Tokyo'");
      const moment = await stateChangeOf(await compute.connect(), "app_owner");
      let seen: string | null = null;
      while (seen === null) seen = await lastActive(compute);
      await moreLooks(compute, 2);
      assert.equal(padded(await lastActive(compute)), `${moment}+00:00`);
      assert.deepEqual([...(await samples(compute, "compute_ctl_awake")).keys()], ['{reason="none"}']);
      const seconds = await value(compute, "compute_ctl_last_active_timestamp_seconds");
      const wholeSeconds = Date.parse(`${moment.slice(0, 19)}Z`) / 1000;
      assert.ok(Math.abs(seconds - wholeSeconds - Number(moment.slice(19))) < 1e-6, `${seconds} for ${moment}`);
    }));

  for (const features of [[], ["activity_monitor_experimental"]]) {
    it(`FIELD-14: sees a session of some milliseconds, and none of ours (features: ${features})`, () =>
      withWorld({}, async (world) => {
        const compute = await started(world, { features });
        const { external, internal } = compute.ports;
        for (const [method, port, path, body] of [
          ["GET", external, "/dbs_and_roles"],
          [
            "POST",
            internal,
            "/grants",
            { database: "shop", schema: "public", role: "app_owner", privileges: ["USAGE"] },
          ],
          ["POST", external, "/configure", config(world, { features, operation_uuid: "one" })],
        ] as const) {
          const { status, text } = await compute.request(method, path, { port, body });
          assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
        }
        // Five seconds after the last of our own sessions, when one more cannot be taken for ours any more.
        await moreLooks(compute, 12);
        assert.equal(await lastActive(compute), null, "our own sessions count");
        const before = Date.now();
        await visit(compute);
        await moreLooks(compute, 4);
        assert.ok(Date.parse(String(await lastActive(compute))) >= before);
      }));
  }

  it("says in a metric what keeps the compute awake", () =>
    withWorld({}, async (world) => {
      const compute = await started(world);
      const client = await compute.connect(customer);
      await client.query("BEGIN");
      await moreLooks(compute, 2);
      assert.deepEqual([...(await samples(compute, "compute_ctl_awake"))], [['{reason="active-session"}', 1]]);
      const checks = await samples(compute, "compute_ctl_activity_checks_total");
      assert.ok((checks.get('{reason="active-session"}') ?? 0) >= 1);
    }));
});

/** With six fraction digits, as many as Postgres writes. */
function padded(moment: string | null): string {
  const [, whole = "", fraction = "", zone = ""] = /^([^.+]*)(?:\.(\d+))?(\+.*)$/.exec(moment ?? "") ?? [];
  return `${whole}.${fraction.padEnd(6, "0")}${zone}`;
}

describe("what /metrics says of downtime", () => {
  it("MON-15: an outage shows, and its end does; the total stays", () =>
    withWorld({}, async (world) => {
      const compute = await started(world);
      const client = await compute.connect({ database: "template1" });
      await moreLooks(compute, 1);
      assert.deepEqual([...(await samples(compute, "compute_pg_current_downtime_ms"))], [["", 0]]);
      assert.deepEqual([...(await samples(compute, "compute_pg_downtime_ms_total"))], [["", 0]]);
      await client.query("DROP DATABASE postgres WITH (FORCE)");
      while (!((await value(compute, "compute_pg_current_downtime_ms")) > 0));
      assert.ok((await value(compute, "compute_pg_downtime_ms_total")) > 0);
      assert.deepEqual([...(await samples(compute, "compute_ctl_awake")).keys()], ['{reason="unreachable"}']);
      await compute.waitForLog(/downtime_info/);
      await client.query("CREATE DATABASE postgres TEMPLATE template0");
      while ((await value(compute, "compute_pg_current_downtime_ms")) !== 0);
      assert.ok((await value(compute, "compute_pg_downtime_ms_total")) > 0);
    }));

  it("MON-4: a termination is no outage", () =>
    withWorld({}, async (world) => {
      const compute = await started(world);
      await moreLooks(compute, 1);
      await compute.request("POST", "/terminate");
      assert.deepEqual([...(await samples(compute, "compute_pg_downtime_ms_total"))], [["", 0]]);
      await compute.exited;
      assert.doesNotMatch(compute.log(), /downtime_info/);
    }));
});
