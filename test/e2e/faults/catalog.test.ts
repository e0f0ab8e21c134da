import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JsonObject } from "../support/config.ts";
import { processesOf } from "../support/leftovers.ts";
import { withWorld } from "../support/world.ts";
import { comesUp, startFails } from "./outcomes.ts";

const role = (name: string, options: readonly JsonObject[] | null = null) => ({
  name,
  encrypted_password: null,
  options,
});

const wrong: readonly {
  readonly what: string;
  readonly cluster: JsonObject;
  readonly spec?: JsonObject;
  readonly says: RegExp;
}[] = [
  {
    what: "an unknown role option",
    cluster: { roles: [role("anna", [{ name: "MAY_FLY", value: null, vartype: "bool" }])] },
    says: /spec\.cluster\.roles\[0\]\.options\[0\]: role "anna": option "MAY_FLY" is unknown/,
  },
  {
    what: "a role that is listed twice",
    cluster: { roles: [role("anna"), role("anna")] },
    says: /spec\.cluster\.roles\[1\]\.name: role "anna" is listed twice/,
  },
  {
    what: "a database whose owner does not exist",
    cluster: { databases: [{ name: "ledger", owner: "nobody_here", options: null }] },
    says: /create database "ledger".*role "nobody_here" does not exist/s,
  },
  {
    what: "the removal of a role that owns a database of the spec",
    cluster: { roles: [role("anna")], databases: [{ name: "ledger", owner: "anna", options: null }] },
    spec: { delta_operations: [{ action: "delete_role", name: "anna" }] },
    says: /database "ledger" is owned by role "anna", which a delta operation deletes/,
  },
];

describe("roles and databases that cannot be applied", () => {
  it("LIFE-38: fail the start with the name of what is wrong, and the next start succeeds", () =>
    withWorld({}, async (world) => {
      for (const { what, cluster, spec = {}, says } of wrong) {
        assert.match(await startFails(world, { config: world.config({ cluster, spec }) }), says, what);
      }
      await comesUp(world);
    }));

  it("LIFE-35, chapter 02 trap 13: leave no Postgres while HTTP lingers, and end the program with 1 after it", () =>
    withWorld({}, async (world) => {
      const cluster = { roles: [role("anna"), role("anna")] };
      const compute = await world.start({ config: world.config({ cluster }), lingerSeconds: 2 });
      await compute.waitFor("failed");
      await compute.waitForLog(/serving HTTP for another 2 s/);
      assert.deepEqual(
        processesOf(world.folder).map(({ pid }) => pid),
        [compute.pid],
      );
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
    }));

  it("HTTP-40: fail a /configure of an empty compute with 500 and the same words", () =>
    withWorld({}, async (world) => {
      const { compute_ctl_config, ...rest } = world.config({ cluster: { roles: [role("anna"), role("anna")] } });
      const compute = await world.start({ config: { compute_ctl_config } });
      await compute.waitFor("empty");
      const reply = await compute.request("POST", "/configure", { body: { compute_ctl_config, ...rest } });
      assert.equal(reply.status, 500, reply.text);
      assert.match(reply.text, /role .*anna.* is listed twice/);
      assert.equal((await compute.status())?.status, "failed");
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
    }));
});
