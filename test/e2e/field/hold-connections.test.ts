import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ComputeProcess } from "../support/compute-process.ts";
import { scramVerifier } from "../support/verifier.ts";
import { type World, withWorld } from "../support/world.ts";

const password = "made-up-slate-roof";
const app = { name: "app", encrypted_password: scramVerifier(password) };
const shop = { name: "shop", owner: "app" };

/** Connects as the role again and again, as its clients do, until it is let in; returns what it was told before. */
async function knock(compute: ComputeProcess): Promise<readonly string[]> {
  const told = new Set<string>();
  for (;;) {
    try {
      await compute.connect({ user: "app", password, database: "shop" });
      return [...told];
    } catch (error) {
      told.add(error instanceof Error && "code" in error ? String(error.code) : String(error));
    }
  }
}

async function start(world: World, args: readonly string[]): Promise<ComputeProcess> {
  return await world.start({ config: world.config({ cluster: { roles: [app], databases: [shop] } }), args });
}

describe("--hold-connections (FIELD-2)", () => {
  it("lets a client in only when its role and database are there, and puts the rules back", () =>
    withWorld({ major: 15 }, async (world) => {
      const plain = await start(world, []);
      await plain.waitFor("running");
      const rules = await readFile(join(world.pgdata, "pg_hba.conf"), "utf8");
      plain.signal("SIGTERM");
      await plain.exited;

      const held = await start(world, ["--hold-connections"]);
      const told = await knock(held);
      // Nobody listens, Postgres is starting, no rule lets it in: never that the role or the database is unknown.
      for (const code of told) assert.ok(["ECONNREFUSED", "57P03", "28000"].includes(code), told.join());
      await held.waitFor("running");
      assert.equal(await readFile(join(world.pgdata, "pg_hba.conf"), "utf8"), rules);
      assert.equal((await stat(join(world.pgdata, "pg_hba.conf"))).mode & 0o077, 0);
    }));

  it("keeps everybody else out while a start fails", () =>
    withWorld({}, async (world) => {
      const config = world.config({ cluster: { roles: [app], databases: [{ name: "x", owner: "nobody_at_all" }] } });
      const compute = await world.start({ config, args: ["--hold-connections"], lingerSeconds: 5 });
      await compute.waitForLog(/Changing compute status from init to failed/);
      const text = await readFile(join(world.pgdata, "pg_hba.conf"), "utf8");
      const rules = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      assert.ok(rules.length > 0);
      for (const rule of rules) assert.match(rule, /\t"cloud_admin"\t/);
    }));

  it("does not concern a replica, whose catalog nobody applies", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({
        config: world.config({ spec: { mode: "Replica" } }),
        args: ["--hold-connections"],
      });
      await compute.waitFor("running");
      assert.doesNotMatch(await readFile(join(world.pgdata, "pg_hba.conf"), "utf8"), /"cloud_admin"/);
    }));
});
