import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, before, beforeEach, describe, it } from "node:test";
import { SqlError } from "../../base/sql.ts";
import type { CatalogQueries } from "../../compute/catalog-queries.ts";
import type { ComputeStatus } from "../../compute/status.ts";
import type { Reply, TestServer } from "../test-support.ts";
import { ask, emptyView, fakeCatalog, fakeControl, startTestServer } from "../test-support.ts";

/** What the next request meets. */
let status: ComputeStatus = "running";
let parts: Partial<CatalogQueries> = {};

/** A catalog that asks {@link parts} anew each time. */
const catalog: CatalogQueries = {
  list: (signal) => fakeCatalog(parts).list(signal),
  dumpSchema: (database, signal) => fakeCatalog(parts).dumpSchema(database, signal),
  checkWritability: (signal) => fakeCatalog(parts).checkWritability(signal),
  insights: (signal) => fakeCatalog(parts).insights(signal),
  installExtension: (wanted, signal) => fakeCatalog(parts).installExtension(wanted, signal),
  grantOnSchema: (grant, signal) => fakeCatalog(parts).grantOnSchema(grant, signal),
};

let external: TestServer;
let internal: TestServer;
before(async () => {
  const control = fakeControl({ status: () => ({ ...emptyView, status }) });
  external = await startTestServer({ control, services: { catalog } });
  internal = await startTestServer({ name: "internal", control, services: { catalog } });
});
after(() => Promise.all([external.close(0), internal.close(0)]));
beforeEach(() => {
  status = "running";
  parts = {};
});

function post(path: string, body: string): Promise<Reply> {
  return ask(internal, "POST", path, { headers: { "content-type": "application/json" }, body });
}

const failing = (error: Error) => (): Promise<never> => Promise.reject(error);
const unreachable = new SqlError("db error: FATAL: the database system is starting up", "57P03");

describe("GET /dbs_and_roles", () => {
  it("lists them in any status, with options that are always null (HTTP-65, CAT-1, SPEC-18)", async () => {
    status = "failed";
    parts = {
      list: () =>
        Promise.resolve({
          roles: [{ name: "amy", encryptedPassword: "md5x" }],
          databases: [{ name: "shop", owner: "amy", restrictConn: false, invalid: true }],
        }),
    };
    const reply = await ask(external, "GET", "/dbs_and_roles");
    assert.equal(
      reply.body,
      '{"roles":[{"name":"amy","encrypted_password":"md5x","options":null}],' +
        '"databases":[{"name":"shop","owner":"amy","options":null,"restrict_conn":false,"invalid":true}]}',
    );
  });

  it("answers with the server's words when it cannot", async () => {
    parts = { list: failing(unreachable) };
    const reply = await ask(external, "GET", "/dbs_and_roles");
    assert.deepEqual([reply.status, reply.body], [500, `{"error":"${unreachable.message}"}`]);
  });
});

describe("GET /database_schema", () => {
  it("wants exactly one database, form-encoded (HTTP-66, vector 21)", async () => {
    const none = await ask(external, "GET", "/database_schema");
    assert.deepEqual(
      [none.status, none.body],
      [400, '{"error":"failed to deserialize query string: missing field `database`"}'],
    );
    assert.equal((await ask(external, "GET", "/database_schema?database=a&database=b")).status, 400);
    const asked: string[] = [];
    parts = {
      dumpSchema: async (database) => {
        asked.push(database);
        return { kind: "no-such-database" };
      },
    };
    const missing = await ask(external, "GET", "/database_schema?database=a+b%26%3D%2F");
    assert.deepEqual([missing.status, missing.body], [404, '{"error":"database does not exist"}']);
    assert.deepEqual(asked, ["a b&=/"]);
  });

  it("streams SQL under the type that clients know, and cuts it off when it fails late (T-17)", async () => {
    const reply = await ask(external, "GET", "/database_schema?database=shop");
    assert.deepEqual(
      [reply.status, reply.headers["content-type"], reply.headers["content-length"], reply.body],
      [200, "application/json", undefined, "-- nothing"],
    );
    const sql = Readable.from(
      (async function* () {
        yield "-- half";
        throw new Error("pg_dump ended with exit status 1");
      })(),
    );
    parts = { dumpSchema: () => Promise.resolve({ kind: "begun", sql }) };
    await assert.rejects(ask(external, "GET", "/database_schema?database=shop"), { code: "ECONNRESET" });
  });

  it("logs why a dump could not begin, and does not tell the client", async () => {
    parts = { dumpSchema: () => Promise.resolve({ kind: "failed", why: "spawn /pg/bin/pg_dump ENOENT" }) };
    const reply = await ask(external, "GET", "/database_schema?database=shop");
    assert.deepEqual([reply.status, reply.body], [500, '{"error":"failed to execute pg_dump"}']);
    assert.match(external.lines.join("\n"), /^error failed to execute pg_dump: spawn \/pg\/bin\/pg_dump ENOENT$/m);
  });
});

describe("POST /check_writability and GET /insights", () => {
  const routes = [
    ["POST", "/check_writability"],
    ["GET", "/insights"],
  ] as const;

  it("answer with JSON, insights with a document in a string (HTTP-67, HTTP-68)", async () => {
    assert.equal((await ask(external, "POST", "/check_writability")).body, "true");
    const { body } = await ask(external, "GET", "/insights");
    assert.deepEqual(JSON.parse(JSON.parse(body)), { pg_stat_statements: [] });
  });

  it("need a running compute (vector 11)", async () => {
    status = "empty";
    for (const [method, path] of routes) {
      const reply = await ask(external, method, path);
      assert.deepEqual([reply.status, reply.body], [412, '{"error":"invalid compute status: empty"}']);
    }
  });

  it("answer 500 with the server's words (T-2)", async () => {
    parts = { checkWritability: failing(unreachable), insights: failing(unreachable) };
    for (const [method, path] of routes) {
      const reply = await ask(external, method, path);
      assert.deepEqual([reply.status, reply.body], [500, `{"error":"${unreachable.message}"}`]);
    }
  });
});

describe("POST /extensions", () => {
  const order = '{"database":"postgres","extension":"plpgsql","version":"1.0"}';

  it("echoes the extension and its version (HTTP-70, vector 27)", async () => {
    const reply = await post("/extensions", order);
    assert.deepEqual([reply.status, reply.body], [201, '{"extension":"plpgsql","version":"1.0"}']);
  });

  it("tells the step that failed, and logs the cause", async () => {
    parts = { installExtension: failing(new Error("Failed to execute query: CREATE", { cause: unreachable })) };
    const reply = await post("/extensions", order);
    const text = "failed to install extension: Failed to execute query: CREATE";
    assert.deepEqual([reply.status, reply.body], [500, JSON.stringify({ error: text })]);
    assert.ok(internal.lines.includes(`error ${text}: ${unreachable.message}`), internal.lines.join("\n"));
  });

  it("needs a running compute", async () => {
    status = "init";
    assert.equal((await post("/extensions", order)).status, 412);
  });
});

describe("POST /grants", () => {
  const grant = (privileges: string): string =>
    `{"role":"amy","database":"shop","schema":"public","privileges":${privileges}}`;

  it("refuses a privilege in lower case (vector 24)", async () => {
    assert.equal((await post("/grants", grant('["usage"]'))).status, 422);
  });

  it("has nothing to do for no privilege, and echoes in its own order (HTTP-71, vector 25)", async () => {
    parts = { grantOnSchema: failing(unreachable) };
    const reply = await post("/grants", grant("[]"));
    assert.deepEqual(
      [reply.status, reply.body],
      [201, '{"database":"shop","schema":"public","privileges":[],"role":"amy"}'],
    );
  });

  it("hands the grant on, and tells the step that failed (vector 26)", async () => {
    const asked: unknown[] = [];
    parts = { grantOnSchema: async (order) => void asked.push(order) };
    assert.equal((await post("/grants", grant('["USAGE","CREATE"]'))).status, 201);
    assert.deepEqual(asked, [{ database: "shop", schema: "public", privileges: ["USAGE", "CREATE"], role: "amy" }]);
    parts = { grantOnSchema: failing(new Error("Failed to connect to the database", { cause: unreachable })) };
    const text = "failed to grant role privileges to the schema: Failed to connect to the database";
    const reply = await post("/grants", grant('["USAGE"]'));
    assert.deepEqual([reply.status, reply.body], [500, JSON.stringify({ error: text })]);
  });
});
