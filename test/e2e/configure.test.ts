import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Client } from "pg";
import type { ConfigJson } from "./support/config.ts";
import { scramVerifier } from "./support/verifier.ts";
import { type World, withWorld } from "./support/world.ts";

const passwords = { alice: "alice-copper-kettle", carol: "carol-salt-marsh" } as const;
const alice = { name: "alice", encrypted_password: scramVerifier(passwords.alice) };
const carol = { name: "carol", encrypted_password: scramVerifier(passwords.carol) };
const shop = { name: "shop", owner: "alice" };
const depot = { name: "depot", owner: "carol" };

describe("POST /configure to an empty compute", () => {
  it("HTTP-40, HTTP-42, LIFE-6: starts it, and a second call meanwhile is refused", (t) =>
    withWorld({ tokens: true }, async (world) => {
      const compute = await world.start({ config: withoutSpec(world) });
      assert.deepEqual(await compute.waitFor("empty"), ["empty"]);
      const before = await compute.status();
      assert.deepEqual([before?.tenant, before?.timeline, before?.error], [null, null, null]);

      const body = world.config({ cluster: { roles: [alice], databases: [shop] } });
      const first = compute.request("POST", "/configure", { body });
      while ((await compute.status())?.status === "empty");
      const second = await compute.request("POST", "/configure", { body });
      assert.equal(second.status, 412);
      assert.match(second.text, /^\{"error":"invalid compute status: (?:configuration-pending|init)"\}$/);

      const reply = await first;
      assert.equal(reply.status, 200, reply.text);
      const after = await compute.status();
      assert.deepEqual(reply.json(), after);
      assert.deepEqual([after?.status, after?.tenant, after?.error], ["running", world.storage.tenantId, null]);

      await t.test("HTTP-32: the start time is that of the spec's arrival", () => {
        assert.ok(Date.parse(after?.start_time ?? "") > Date.parse(before?.start_time ?? ""));
      });
      await t.test("LIFE-65: the wait for the spec is measured, and is no part of the start", async () => {
        const figures = (await compute.request("GET", "/metrics.json")).json();
        assert.ok(isFigures(figures));
        assert.ok((figures["wait_for_spec_ms"] ?? 0) > 0);
        assert.ok((figures["total_startup_ms"] ?? 0) >= (figures["basebackup_ms"] ?? Number.NaN));
      });
      await t.test("LIFE-41: it went through the documented statuses", () => {
        const changes = Array.from(
          compute.log().matchAll(/Changing compute status from (.*)/g),
          ([, change]) => change,
        );
        assert.deepEqual(changes, [
          "empty to configuration-pending",
          "configuration-pending to init",
          "init to running",
        ]);
      });
      await t.test("the role's password works", async () => {
        await compute.connect({ user: "alice", password: passwords.alice, database: "shop" });
      });
    }));

  it("HTTP-38: stays empty when the spec cannot be used, and takes the next one", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: withoutSpec(world) });
      await compute.waitFor("empty");
      const bad = world.config({ spec: { safekeeper_connstrings: [] } });
      const refused = await compute.request("POST", "/configure", { body: bad });
      assert.deepEqual([refused.status, (await compute.status())?.status], [400, "empty"]);
      assert.match(refused.text, /safekeeper connstrings should be provided/);
      assert.equal((await compute.request("POST", "/configure", { body: world.config() })).status, 200);
    }));
});

describe("POST /configure to a running compute", () => {
  it("changes settings, roles and databases without a restart", (t) =>
    withWorld({}, async (world) => {
      const plain = { roles: [alice], databases: [shop] };
      const compute = await world.start({ config: world.config({ cluster: plain }) });
      await compute.waitFor("running");
      const client = await compute.connect();
      const postmaster = await compute.postgresPid();
      const configure = async (body: ConfigJson): Promise<void> => {
        const reply = await compute.request("POST", "/configure", { body });
        assert.equal(reply.status, 200, reply.text);
      };

      await t.test("LIFE-94: settings change even when the catalog is to be left alone", async () => {
        const settings = { log_line_prefix: "%m [%p] harbor: " };
        const spec = { skip_pg_catalog_updates: true };
        await configure(world.config({ settings, spec, cluster: { roles: [alice, carol], databases: [shop] } }));
        await compute.waitForLog(/\nPG:.* parameter "log_line_prefix" changed to "%m \[%p\] harbor: "/);
        assert.deepEqual(await names(client, "role"), ["alice", "cloud_admin", "neon_superuser"]);
      });

      const both = world.config({ cluster: { roles: [alice, carol], databases: [shop, depot] } });
      await t.test("APPLY-25, APPLY-30: a new role and a new database come into being", async () => {
        await configure(both);
        assert.deepEqual(await names(client, "role"), ["alice", "carol", "cloud_admin", "neon_superuser"]);
        assert.deepEqual(await names(client, "database"), ["depot", "postgres", "shop"]);
        await compute.connect({ user: "carol", password: passwords.carol, database: "depot" });
      });

      await t.test("the same spec again changes nothing in the catalog", async () => {
        const before = await rowVersions(client);
        await configure(both);
        assert.deepEqual(await rowVersions(client), before);
      });

      await t.test("APPLY-26: a changed password is in force, the old one is not", async () => {
        const changed = { ...carol, encrypted_password: scramVerifier("carol-new-tide") };
        await configure(world.config({ cluster: { roles: [alice, changed], databases: [shop, depot] } }));
        await compute.connect({ user: "carol", password: "carol-new-tide", database: "depot" });
        const old = { user: "carol", password: passwords.carol, database: "depot" };
        await assert.rejects(compute.connect(old), { code: "28P01" });
      });

      await t.test("APPLY-28, APPLY-33: delta operations remove a database in use, and a role", async () => {
        const delta_operations = [
          { action: "delete_db", name: "depot" },
          { action: "delete_role", name: "carol" },
        ];
        await configure(world.config({ cluster: plain, spec: { delta_operations } }));
        assert.deepEqual(await names(client, "role"), ["alice", "cloud_admin", "neon_superuser"]);
        assert.deepEqual(await names(client, "database"), ["postgres", "shop"]);
      });

      await t.test("another tenant is refused, and nothing changes", async () => {
        const reply = await compute.request("POST", "/configure", {
          body: world.config({ spec: { tenant_id: "0".repeat(31).concat("1") } }),
        });
        assert.equal(reply.status, 400, reply.text);
        assert.match(reply.text, /tenant/);
        assert.equal((await compute.status())?.tenant, world.storage.tenantId);
      });

      await t.test("HTTP-40: Postgres was not restarted", async () => {
        assert.equal(await compute.postgresPid(), postmaster);
        assert.equal((await compute.status())?.status, "running");
      });
    }));
});

describe("POST /configure while another one is at work", () => {
  it("HTTP-42, HTTP-43: is refused, and the first one goes on even when its client leaves", (t) =>
    withWorld({}, async (world) => {
      const cluster = { roles: [alice], databases: [shop] };
      const compute = await world.start({ config: world.config({ cluster }) });
      await compute.waitFor("running");
      const client = await compute.connect();
      await client.query("BEGIN; ALTER ROLE alice CONNECTION LIMIT 5");

      const changed = { ...alice, encrypted_password: scramVerifier("alice-new-tide") };
      const body = world.config({ cluster: { ...cluster, roles: [changed] } });
      const leaving = new AbortController();
      const first = fetch(`http://127.0.0.1:${world.ports.external}/configure`, {
        method: "POST",
        headers: { authorization: `Bearer ${world.adminToken}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: leaving.signal,
      });
      const left = assert.rejects(first, { name: "AbortError" });
      await compute.waitFor("configuration");
      leaving.abort();
      await left;

      await t.test("neither /configure nor /terminate gets a turn meanwhile", async () => {
        for (const path of ["/configure", "/terminate"]) {
          const reply = await compute.request("POST", path, { body });
          assert.deepEqual([reply.status, reply.text], [412, '{"error":"invalid compute status: configuration"}']);
        }
      });

      await client.query("ROLLBACK");
      await compute.waitFor("running");
      await compute.connect({ user: "alice", password: "alice-new-tide", database: "shop" });
    }));
});

function withoutSpec(world: World): object {
  return { compute_ctl_config: world.config().compute_ctl_config };
}

function isFigures(value: unknown): value is Readonly<Record<string, number>> {
  return (
    typeof value === "object" && value !== null && Object.values(value).every((figure) => Number.isInteger(figure))
  );
}

async function names(client: Client, what: "role" | "database"): Promise<readonly unknown[]> {
  const sql = {
    role: "SELECT rolname AS name FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1",
    database: "SELECT datname AS name FROM pg_database WHERE NOT datistemplate ORDER BY 1",
  };
  return (await client.query(sql[what])).rows.map(({ name }) => name);
}

/** Which transaction wrote each row of the catalogs that are shared by all databases. */
async function rowVersions(client: Client): Promise<readonly unknown[]> {
  const catalogs = ["pg_authid", "pg_auth_members", "pg_database", "pg_db_role_setting", "pg_shdepend"];
  const selects = catalogs.map((name) => `SELECT '${name}' AS catalog, xmin::text, ctid::text FROM ${name}`);
  const { rows } = await client.query(`${selects.join(" UNION ALL ")} ORDER BY 1, 3`);
  assert.ok(rows.length > catalogs.length);
  return rows;
}
