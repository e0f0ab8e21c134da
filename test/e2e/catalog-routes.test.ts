import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import type { ComputeProcess } from "./support/compute-process.ts";
import { scramVerifier } from "./support/verifier.ts";
import { type World, withWorld } from "./support/world.ts";

const verifier = scramVerifier("amber-otter");
/** A database whose name libpq could take for a connection string. */
const odd = "host=x dbname=\"y' &+$$ %20";
/** Debian's Postgres, because the one from npm comes without pg_dump. */
const debian = "/usr/lib/postgresql/15/bin";
const hasDump = existsSync(`${debian}/pg_dump`) && existsSync(`${debian}/postgres`);

const cluster = {
  roles: [{ name: "amy", encrypted_password: verifier }, { name: "o'k" }],
  databases: [
    { name: "shop", owner: "amy" },
    { name: odd, owner: "o'k" },
  ],
};

describe("the routes into the catalog", () => {
  it("answer from the Postgres that runs", (t) =>
    withWorld({}, async (world) => {
      const settings = { shared_preload_libraries: "pg_stat_statements" };
      const compute = await world.start({ config: world.config({ cluster, settings }) });
      await compute.waitFor("running");
      await checkListing(t, compute);
      await checkWritability(t, compute);
      await checkInsights(t, compute);
      await checkExtensions(t, world, compute);
      await checkGrants(t, world, compute);
      await t.test("HTTP-66: an installation without pg_dump is an error, and the log says so", async () => {
        const reply = await compute.request("GET", "/database_schema?database=shop");
        assert.deepEqual([reply.status, reply.json()], [500, { error: "failed to execute pg_dump" }]);
        await compute.waitForLog(/failed to execute pg_dump: spawn .*\/pg_dump ENOENT/);
      });
      await t.test("CAT-1: no verifier shows in the log", () => {
        assert.ok(!compute.log().includes(verifier));
      });
    }));

  const skip = hasDump ? false : `there is no ${debian}/pg_dump: install Debian's postgresql-15`;
  it("dump the schema of a database as SQL (HTTP-66, CAT-2)", { skip }, (t) =>
    withWorld({ major: 15 }, async (world) => {
      const compute = await world.start({ config: world.config({ cluster }), pgbin: `${debian}/postgres` });
      await compute.waitFor("running");
      await checkDumps(t, compute);
    }),
  );
});

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

async function checkListing(t: TestContext, compute: ComputeProcess): Promise<void> {
  await t.test("HTTP-65, CAT-1: all roles and databases", async () => {
    const body = (await compute.request("GET", "/dbs_and_roles")).json();
    assert.ok(isRecord(body) && Array.isArray(body["roles"]) && Array.isArray(body["databases"]));
    const named = (list: readonly unknown[], name: string): unknown =>
      list.find((item) => isRecord(item) && item["name"] === name);
    assert.deepEqual(named(body["roles"], "amy"), { name: "amy", encrypted_password: verifier, options: null });
    assert.deepEqual(named(body["roles"], "o'k"), { name: "o'k", encrypted_password: null, options: null });
    assert.ok(named(body["roles"], "pg_monitor"));
    const open = { options: null, restrict_conn: false, invalid: false };
    assert.deepEqual(named(body["databases"], odd), { name: odd, owner: "o'k", ...open });
    const closed = { owner: "cloud_admin", ...open, restrict_conn: true };
    assert.deepEqual(named(body["databases"], "template0"), { name: "template0", ...closed });
  });
}

async function checkWritability(t: TestContext, compute: ComputeProcess): Promise<void> {
  await t.test("HTTP-67, CAT-3: a row can be written, until its table is gone", async () => {
    const client = await compute.connect();
    await client.query("UPDATE public.health_check SET updated_at = 'epoch'");
    const reply = await compute.request("POST", "/check_writability");
    assert.deepEqual([reply.status, reply.text], [200, "true"]);
    const { rows } = await client.query("SELECT FROM public.health_check WHERE updated_at > 'yesterday'");
    assert.equal(rows.length, 1);

    await client.query("ALTER TABLE public.health_check RENAME TO elsewhere");
    const missing = await compute.request("POST", "/check_writability");
    const error = 'db error: ERROR: relation "public.health_check" does not exist';
    assert.deepEqual([missing.status, missing.json()], [500, { error }]);
    await client.query("ALTER TABLE public.elsewhere RENAME TO health_check");
    await client.end();
  });
}

async function checkInsights(t: TestContext, compute: ComputeProcess): Promise<void> {
  const documentOf = async (): Promise<string> => {
    const reply = await compute.request("GET", "/insights");
    const text = reply.json();
    assert.ok(reply.status === 200 && typeof text === "string", reply.text);
    return text;
  };
  await t.test("HTTP-68, CAT-6: the slowest statements, every digit of their ids, and none of our own", async () => {
    const client = await compute.connect({ database: "shop" });
    await client.query("SET ROLE amy");
    await client.query("SELECT 'marmalade'::text");
    await client.query("RESET ROLE");
    await client.end();
    const admin = await compute.connect();
    const { rows } = await admin.query(
      "SELECT s.queryid::text AS id, s.userid::regrole::text AS who FROM public.pg_stat_statements s",
    );
    const theirs = rows.filter(({ who }) => who !== "cloud_admin");
    assert.ok(theirs.length > 0);
    const text = await documentOf();
    const ids = [...text.matchAll(/"queryid":(-?\d+)/g)].map(([, id]) => id);
    assert.deepEqual(ids.toSorted(), theirs.map(({ id }) => id).toSorted());
    assert.ok(Array.isArray(JSON.parse(text).pg_stat_statements));
    await admin.query("DROP EXTENSION pg_stat_statements");
    await admin.end();
  });
  await t.test("T-18: without the extension they are empty, and a document still", async () => {
    assert.equal(await documentOf(), '{"pg_stat_statements": []}');
  });
}

async function checkExtensions(t: TestContext, world: World, compute: ComputeProcess): Promise<void> {
  const post = (body: object) => compute.request("POST", "/extensions", { port: world.ports.internal, body });
  await t.test("HTTP-70, CAT-4: vector 27, and an extension that is new, updated, absent", async () => {
    const known = await post({ database: "postgres", extension: "plpgsql", version: "1.0" });
    assert.deepEqual([known.status, known.text], [201, '{"extension":"plpgsql","version":"1.0"}']);

    const client = await compute.connect({ database: odd });
    const installed = async () =>
      (await client.query("SELECT extversion FROM pg_extension WHERE extname = 'hstore'")).rows;
    for (const version of ["1.7", "1.8", "1.8"]) {
      const reply = await post({ database: odd, extension: "hstore", version });
      assert.deepEqual([reply.status, reply.json()], [201, { extension: "hstore", version }]);
      assert.deepEqual(await installed(), [{ extversion: version }]);
    }
    await client.end();

    const absent = await post({ database: odd, extension: "nope", version: "1" });
    const statement = `CREATE EXTENSION IF NOT EXISTS "nope" WITH SCHEMA public VERSION '1'`;
    const error = `failed to install extension: Failed to execute query: ${statement}`;
    assert.deepEqual([absent.status, absent.json()], [500, { error }]);
    await compute.waitForLog(/Failed to execute query: CREATE EXTENSION .*nope.*: db error: ERROR: /);
    const nowhere = await post({ database: "nowhere", extension: "hstore", version: "1.8" });
    const unconnected = "failed to install extension: Failed to connect to the database";
    assert.deepEqual([nowhere.status, nowhere.json()], [500, { error: unconnected }]);
  });
}

async function checkGrants(t: TestContext, world: World, compute: ComputeProcess): Promise<void> {
  const grant = { database: "shop", schema: "public", privileges: ["USAGE"], role: "amy" };
  const post = (parts: object) =>
    compute.request("POST", "/grants", { port: world.ports.internal, body: { ...grant, ...parts } });
  await t.test("HTTP-71, CAT-5: vectors 24 to 26", async () => {
    assert.equal((await post({ privileges: ["usage"] })).status, 422);
    const none = await post({ privileges: [] });
    assert.deepEqual([none.status, none.text], [201, JSON.stringify({ ...grant, privileges: [] })]);
    const nowhere = await post({ database: "nowhere" });
    const error = "failed to grant role privileges to the schema: Failed to connect to the database";
    assert.deepEqual([nowhere.status, nowhere.json()], [500, { error }]);
  });
  await t.test("V22: the second grant writes nothing, and a schema knows no SELECT", async () => {
    const client = await compute.connect({ database: "shop" });
    const version = async () =>
      (await client.query("SELECT xmin::text, nspacl::text AS acl FROM pg_namespace WHERE nspname = 'public'")).rows[0];
    const privileges = ["CREATE", "USAGE"];
    assert.equal((await post({ role: "o'k", privileges })).status, 201);
    const first = await version();
    assert.match(first.acl, /o'k.*=UC/);
    assert.equal((await post({ role: "o'k", privileges })).status, 201);
    assert.deepEqual(await version(), first);
    await client.end();
    const select = await post({ privileges: ["SELECT"] });
    assert.equal(select.status, 500);
    assert.match(select.text, /Failed to execute query: GRANT SELECT ON SCHEMA/);
  });
}

async function checkDumps(t: TestContext, compute: ComputeProcess): Promise<void> {
  const dump = (name: string) =>
    compute.request("GET", `/database_schema?${new URLSearchParams({ database: name }).toString()}`);
  await t.test("HTTP-66: the whole schema, whatever the database is called and has been set to", async () => {
    const client = await compute.connect({ database: odd });
    await client.query(`CREATE TABLE public."we""ird" (id int)`);
    await client.query(`ALTER DATABASE "${odd.replaceAll('"', '""')}" SET role = "o'k"`);
    await client.end();
    const reply = await dump(odd);
    assert.deepEqual([reply.status, reply.headers["content-type"]], [200, "application/json"]);
    assert.match(reply.text, /CREATE TABLE public\."we""ird"/);
    assert.match(reply.text, /-- PostgreSQL database dump complete/);
    assert.doesNotMatch(reply.text, /health_check|migration/);
  });
  await t.test("HTTP-66: 404 for a database that does not exist", async () => {
    for (const name of ["nowhere", "no\nwhere", ""]) {
      const reply = await dump(name);
      assert.deepEqual([reply.status, reply.json()], [404, { error: "database does not exist" }], name);
    }
    await compute.waitForLog(/pg_dump: .*FATAL: {2}database "nowhere" does not exist/);
  });
  await t.test("HTTP-66: 500 for a database that takes no connections", async () => {
    const reply = await dump("template0");
    assert.deepEqual([reply.status, reply.json()], [500, { error: "failed to execute pg_dump" }]);
  });
}
