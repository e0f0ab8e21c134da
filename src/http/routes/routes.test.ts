import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, describe, it } from "node:test";
import type { ComputeControl } from "../../compute/control.ts";
import type { Config } from "../../spec/types.ts";
import type { Reply, TestServer } from "../test-support.ts";
import { ask, emptyView, fakeControl, startTestServer } from "../test-support.ts";

const minimal = readFileSync(new URL("../../../test/fixtures/minimal.config.json", import.meta.url), "utf8");
const json = { "content-type": "application/json" };

let parts: Partial<ComputeControl> = {};
let server: TestServer;

before(async () => {
  server = await startTestServer({
    control: fakeControl({
      status: () => parts.status?.() ?? emptyView,
      startupMetrics: () => (parts.startupMetrics ?? fakeControl().startupMetrics)(),
      configure: (...order) => (parts.configure ?? fakeControl().configure)(...order),
      terminate: (order) => (parts.terminate ?? fakeControl().terminate)(order),
    }),
  });
});
after(() => server.close(0));
beforeEach(() => {
  parts = {};
});

function error(reply: Reply): unknown {
  assert.equal(reply.headers["content-type"], "application/json");
  const body: unknown = JSON.parse(reply.body);
  assert.ok(typeof body === "object" && body !== null);
  assert.deepEqual(Object.keys(body), ["error"]);
  return Object.values(body)[0];
}

describe("GET /status", () => {
  it("shows an empty compute (HTTP-32)", async () => {
    const reply = await ask(server, "GET", "/status");
    assert.equal(reply.status, 200);
    assert.equal(reply.headers["content-type"], "application/json");
    assert.equal(
      reply.body,
      '{"start_time":"2031-04-05T06:07:08.120Z","tenant":null,"timeline":null,"status":"empty","last_active":null,"error":null}',
    );
  });

  it("shows a compute in use, with its keys in the same order (HTTP-32, SPEC-90)", async () => {
    parts.status = () => ({
      startTime: new Date("2031-04-05T06:07:08Z"),
      tenant: "1".repeat(32),
      timeline: "2".repeat(32),
      status: "termination_pending_fast",
      lastActiveMicros: Date.parse("2031-04-05T07:00:00.500Z") * 1000,
      error: "outer\n\nCaused by:\n    inner",
    });
    assert.equal(
      (await ask(server, "GET", "/status")).body,
      `{"start_time":"2031-04-05T06:07:08Z","tenant":"${"1".repeat(32)}","timeline":"${"2".repeat(32)}",` +
        '"status":"termination_pending_fast","last_active":"2031-04-05T07:00:00.500+00:00",' +
        '"error":"outer\\n\\nCaused by:\\n    inner"}',
    );
  });
});

describe("GET /metrics and /metrics.json", () => {
  it("needs no token and ignores a bad one (HTTP-23, HTTP-35)", async () => {
    const reply = await ask(server, "GET", "/metrics", { headers: { authorization: "Bearer nonsense" } });
    assert.equal(reply.status, 200);
    assert.equal(reply.headers["content-type"], "text/plain; version=0.0.4");
    assert.match(reply.body, /^# HELP compute_ctl_up .*\n# TYPE compute_ctl_up gauge\n/);
  });

  it("lists the thirteen figures in their order, as whole numbers (HTTP-34)", async () => {
    parts.startupMetrics = () => ({ ...fakeControl().startupMetrics(), config_ms: 12.6, basebackup_bytes: 2 ** 40 });
    const { body } = await ask(server, "GET", "/metrics.json");
    assert.equal(
      body,
      '{"wait_for_spec_ms":0,"sync_sk_check_ms":0,"sync_safekeepers_ms":0,"pageserver_connect_micros":0,' +
        '"basebackup_ms":0,"basebackup_bytes":1099511627776,"start_postgres_ms":0,"config_ms":13,' +
        '"total_startup_ms":0,"load_ext_ms":0,"num_ext_downloaded":0,"largest_ext_size":0,"total_ext_download_size":0}',
    );
  });
});

describe("POST /configure", () => {
  const post = (body: string | Uint8Array = minimal, headers: Record<string, string> = json): Promise<Reply> =>
    ask(server, "POST", "/configure", { headers, body });

  it("hands the decoded config over and answers with the status afterwards (HTTP-37, HTTP-41)", async () => {
    const configs: Config[] = [];
    parts.configure = (config) => {
      configs.push(config);
      return Promise.resolve({ kind: "running", view: { ...emptyView, status: "running" } });
    };
    const reply = await post();
    assert.equal(reply.status, 200);
    assert.equal(reply.body, (await ask(server, "GET", "/status")).body.replace('"empty"', '"running"'));
    assert.deepEqual(
      configs.map(({ spec }) => spec?.safekeeperConnstrings),
      [["127.0.0.1:5454"]],
    );
  });

  it("answers 202 with the operation as soon as the config is taken over, when it is asked not to wait (HTTP-77)", async () => {
    const operation = { id: "o-1", kind: "configure", state: "running", error: null } as const;
    const waits: boolean[] = [];
    parts.configure = (_config, { wait }) => {
      waits.push(wait);
      return Promise.resolve({ kind: "accepted", operation: { ...operation, startedAt: new Date(0), endedAt: null } });
    };
    const send = (query: string) => ask(server, "POST", `/configure${query}`, { headers: json, body: minimal });
    const reply = await send("?wait=false");
    assert.equal(reply.status, 202);
    assert.equal(
      reply.body,
      '{"id":"o-1","kind":"configure","state":"running","error":null,"started_at":"1970-01-01T00:00:00Z","ended_at":null}',
    );
    for (const query of ["?", "?wait=true", "?x=false"]) await send(query);
    assert.deepEqual(waits, [false, true, true, true]);
    for (const query of ["?wait=", "?wait=0", "?wait=false&wait=false"]) {
      assert.equal((await send(query)).status, 400, query);
    }
  });

  const refused: readonly [
    what: string,
    body: string | Uint8Array,
    type: string | undefined,
    status: number,
    text: RegExp,
  ][] = [
    ["no content type", "{}", undefined, 415, /^expected request with `content-type: application\/json`$/],
    ["an empty body", "", "application/json", 400, /^failed to parse the request body as json: /],
    ["no JSON", "{", "application/json", 400, /^failed to parse the request body as json: /],
    ["bytes after the document", `${minimal}x`, "application/json", 400, /^failed to parse the request body/],
    ["a byte order mark", `\uFEFF${minimal}`, "application/json", 400, /^failed to parse the request body/],
    ["bytes that are not UTF-8", Buffer.of(0x22, 0xff, 0x22), "application/json", 400, /^failed to parse the/],
    ["an object without spec", "{}", "application/foo+json", 422, /into the target type: .*missing field `spec`/],
    ["a spec that is null", '{"spec":null,"compute_ctl_config":{"jwks":{"keys":[]}}}', "application/json", 422, /spec/],
    ["an array", "[]", "application/json", 422, /^failed to deserialize the json body into the target type: /],
  ];
  for (const [what, body, type, status, text] of refused) {
    it(`answers ${status} to ${what} (HTTP-20)`, async () => {
      const reply = await post(body, type === undefined ? {} : { "content-type": type });
      assert.equal(reply.status, status);
      assert.match(String(error(reply)), text);
    });
  }

  it("answers 413 above 32 MiB, by announcement and by length, and says so before the JSON is looked at (T-21)", async () => {
    const reply = await post(Buffer.alloc(32 * 1024 * 1024 + 1, " "));
    assert.equal(reply.status, 413);
    assert.equal(error(reply), "failed to buffer the request body: length limit exceeded");
  });

  it("accepts a body above the 2 MiB of the original (T-21, chapter 02 trap 19)", async () => {
    assert.equal((await post(`${minimal}${" ".repeat(2_097_153)}`)).status, 200);
  });

  it("refuses a bad body before a wrong status, and a bad token before both (HTTP-9, SPEC-4)", async () => {
    parts.configure = () => Promise.resolve({ kind: "refused", status: "init" });
    assert.equal((await post("{")).status, 400);
    assert.equal((await post(minimal)).status, 412);
    assert.equal((await post("{", { authorization: "Bearer x" })).status, 401);
  });

  it("answers 400 with the reason to a spec that cannot be used (HTTP-38)", async () => {
    const message = "duplicate entry in safekeeper_connstrings: a:1!";
    const problems = [{ path: "spec.safekeeper_connstrings", message }];
    parts.configure = () => Promise.resolve({ kind: "underivable", problems });
    const reply = await post();
    assert.deepEqual([reply.status, error(reply)], [400, message]);
  });

  it("answers 412 with the status of the moment, in its form with hyphens (HTTP-39, HTTP-42, SPEC-91)", async () => {
    parts.configure = () => Promise.resolve({ kind: "refused", status: "configuration_pending" });
    const reply = await post();
    assert.deepEqual([reply.status, error(reply)], [412, "invalid compute status: configuration-pending"]);
  });

  it("quotes the error of a failed configuration (HTTP-41)", async () => {
    for (const [text, quoted] of [
      ["unknown error", '"unknown error"'],
      ["outer\n\nCaused by:\n    inner", '"outer\\n\\nCaused by:\\n    inner"'],
      ['say "no" \\', '"say \\"no\\" \\\\"'],
    ] as const) {
      parts.configure = () => Promise.resolve({ kind: "failed", error: text });
      const reply = await post();
      assert.deepEqual([reply.status, error(reply)], [500, `compute configuration failed: ${quoted}`]);
    }
  });
});

describe("POST /terminate", () => {
  const post = (query = ""): Promise<Reply> => ask(server, "POST", `/terminate${query}`);

  it("takes its order from the query and answers with the LSN (HTTP-46, HTTP-51, HTTP-78)", async () => {
    const orders: unknown[] = [];
    parts.terminate = ({ mode, force, join }) => {
      orders.push([mode, force, join]);
      return Promise.resolve({ kind: "terminated", lsn: 0x16b3748n });
    };
    const queries = [
      "",
      "?mode=fast",
      "?mode=immediate&join=true",
      "?x=1&force=true&mode=immediate",
      "?mode=fast&join=false",
    ];
    for (const query of queries) {
      const reply = await post(query);
      assert.deepEqual([reply.status, reply.body], [200, '{"lsn":"0/16B3748"}']);
    }
    assert.deepEqual(orders, [
      ["fast", false, false],
      ["fast", false, false],
      ["immediate", false, true],
      ["immediate", true, false],
      ["fast", false, false],
    ]);
  });

  for (const query of [
    ...["?", "?mode=slow", "?foo=1", "?mode=", "?mode=fast&mode=fast", "?mode=FAST"],
    ...["?force=true", "?join=true", "?mode=fast&force=1", "?mode=fast&join=", "?mode=fast&force=true&force=true"],
  ]) {
    it(`answers 400 to ${query} (HTTP-46, T-10)`, async () => {
      const reply = await post(query);
      assert.equal(reply.status, 400);
      assert.match(String(error(reply)), /^failed to deserialize query string: /);
    });
  }

  it("refuses a bad query before a wrong status (HTTP-9)", async () => {
    parts.terminate = () => Promise.resolve({ kind: "refused", status: "init" });
    assert.deepEqual([(await post("?mode=slow")).status, (await post()).status], [400, 412]);
  });

  it("answers 201 once terminated, and null where there is no LSN (HTTP-47, HTTP-51)", async () => {
    parts.terminate = () => Promise.resolve({ kind: "already-terminated", lsn: null });
    const reply = await post();
    assert.deepEqual([reply.status, reply.body], [201, '{"lsn":null}']);
  });

  it("answers 200 without body to an empty compute (HTTP-22, HTTP-49)", async () => {
    parts.terminate = () => Promise.resolve({ kind: "was-empty" });
    const reply = await post();
    assert.deepEqual([reply.status, reply.body, reply.headers["content-length"]], [200, "", "0"]);
    assert.equal(reply.headers["content-type"], undefined);
  });

  it("answers 500 with the reason when the safekeepers cannot be synced (T-9)", async () => {
    parts.terminate = () => Promise.resolve({ kind: "failed", error: "safekeeper sync failed" });
    const reply = await post();
    assert.deepEqual([reply.status, error(reply)], [500, "safekeeper sync failed"]);
  });

  it("answers 412 with the status in which the order came too late or too early (HTTP-48)", async () => {
    parts.terminate = () => Promise.resolve({ kind: "refused", status: "termination_pending_immediate" });
    const reply = await post();
    assert.deepEqual([reply.status, error(reply)], [412, "invalid compute status: termination-pending-immediate"]);
  });
});
