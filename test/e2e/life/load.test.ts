import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import type { ComputeProcess } from "../support/compute-process.ts";
import type { ConfigJson } from "../support/config.ts";
import { scramVerifier } from "../support/verifier.ts";
import { type World, withWorld } from "../support/world.ts";

const pairs = 10_000;
const connections = 4;
const roleCount = 2_000;
/** Two rounds of passwords, so that every apply has every role to change. */
const verifiers = [scramVerifier("high-tide"), scramVerifier("low-tide")] as const;

describe("10,000 pairs of GET /status and GET /metrics.json (HTTP-6)", () => {
  it(`are all answered while ${roleCount} roles are being applied, again and again`, () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config() });
      await compute.waitFor("running");
      let applied = 0;
      let isOver = false;
      const applying = (async () => {
        while (!isOver) {
          const reply = await compute.request("POST", "/configure", { body: withRoles(world, applied) });
          assert.equal(reply.status, 200, reply.text);
          applied += 1;
        }
      })();
      const seen = new Map<string, number>();
      try {
        await Promise.all(Array.from({ length: connections }, () => askPairs(compute, world.adminToken, seen)));
      } finally {
        isOver = true;
        await applying;
      }
      assert.equal(
        [...seen.values()].reduce((sum, count) => sum + count, 0),
        pairs,
      );
      assert.deepEqual(
        [...seen.keys()].filter((status) => !expected.includes(status)),
        [],
      );
      assert.ok((seen.get("configuration") ?? 0) > pairs / 10, "most of the time was spent on applying");
      const client = await compute.connect();
      const { rows } = await client.query("SELECT count(*)::int AS roles FROM pg_authid WHERE rolpassword = $1", [
        verifiers[(applied - 1) % 2],
      ]);
      assert.deepEqual(rows, [{ roles: roleCount }]);
      const figures = [...seen].map(([status, count]) => `${status} ${count}`).join(", ");
      process.stdout.write(`# ${pairs} pairs, ${applied} times ${roleCount} roles; statuses seen: ${figures}\n`);
    }));
});

const expected = ["running", "configuration_pending", "configuration"];

function withRoles(world: World, round: number): ConfigJson {
  const roles = Array.from({ length: roleCount }, (_, index) => ({
    name: `role_${index}`,
    encrypted_password: verifiers[round % 2],
    options: null,
  }));
  return world.config({ cluster: { roles } });
}

/** One connection's share of the pairs; counts the statuses that it is told. */
async function askPairs(compute: ComputeProcess, token: string, seen: Map<string, number>): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (let pair = 0; pair < pairs / connections; pair += 1) {
      const status = await get(compute, token, agent, "/status");
      const figures = await get(compute, token, agent, "/metrics.json");
      assert.ok("total_startup_ms" in figures);
      assert.ok("status" in status && typeof status.status === "string");
      seen.set(status.status, (seen.get(status.status) ?? 0) + 1);
    }
  } finally {
    agent.destroy();
  }
}

async function get(compute: ComputeProcess, token: string, agent: Agent, path: string): Promise<object> {
  const outgoing = request({
    host: "127.0.0.1",
    port: compute.ports.external,
    path,
    agent,
    headers: { authorization: `Bearer ${token}` },
  });
  const answered = once(outgoing, "response");
  outgoing.end();
  const [response] = await answered;
  const body = await text(response);
  assert.equal(response.statusCode, 200, body);
  const parsed: unknown = JSON.parse(body);
  assert.ok(typeof parsed === "object" && parsed !== null);
  return parsed;
}
