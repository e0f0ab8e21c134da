import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, describe, it } from "node:test";
import type { ComputeControl } from "../../compute/control.ts";
import type { ComputeStatus } from "../../compute/status.ts";
import { computeStatuses } from "../../compute/status.ts";
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
      configure: (config) => (parts.configure ?? fakeControl().configure)(config),
      terminate: (mode) => (parts.terminate ?? fakeControl().terminate)(mode),
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
      lastActive: new Date("2031-04-05T07:00:00.500Z"),
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

  it("accepts a body above the 2 MiB of the original (T-21)", async () => {
    assert.equal((await post(`${minimal}${" ".repeat(2_097_153)}`)).status, 200);
  });

  it("refuses a bad body before a wrong status, and a bad token before both (HTTP-9)", async () => {
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

  it("answers 412 with the status of the moment (HTTP-39, HTTP-42)", async () => {
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
  const running = { ...emptyView, status: "running" as const };
  const post = (query = ""): Promise<Reply> => ask(server, "POST", `/terminate${query}`);

  it("takes its mode from the query and answers with the LSN (HTTP-46, HTTP-51)", async () => {
    const modes: string[] = [];
    parts.terminate = (mode) => {
      modes.push(mode);
      return Promise.resolve({ kind: "terminated", lsn: 0x16b3748n });
    };
    for (const query of ["", "?mode=fast", "?mode=immediate", "?x=1&mode=immediate"]) {
      const reply = await post(query);
      assert.deepEqual([reply.status, reply.body], [200, '{"lsn":"0/16B3748"}']);
    }
    assert.deepEqual(modes, ["fast", "fast", "immediate", "immediate"]);
  });

  for (const query of ["?", "?mode=slow", "?foo=1", "?mode=", "?mode=fast&mode=fast", "?mode=FAST"]) {
    it(`answers 400 to ${query} (HTTP-46, T-10)`, async () => {
      const reply = await post(query);
      assert.equal(reply.status, 400);
      assert.match(String(error(reply)), /^failed to deserialize query string: /);
    });
  }

  it("refuses a bad query before a wrong status (HTTP-9)", async () => {
    parts.status = () => ({ ...emptyView, status: "init" });
    assert.deepEqual([(await post("?mode=slow")).status, (await post()).status], [400, 412]);
  });

  it("answers 201 once terminated, and null where there is no LSN (HTTP-47, HTTP-51)", async () => {
    parts.status = () => ({ ...emptyView, status: "terminated" });
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

  it("answers 412 in all other statuses, without an order to the compute (HTTP-48)", async () => {
    const allowed: readonly ComputeStatus[] = ["empty", "running", "terminated"];
    parts.terminate = () => Promise.reject(new Error("it should not have been asked"));
    for (const status of computeStatuses.filter((each) => !allowed.includes(each))) {
      parts.status = () => ({ ...emptyView, status });
      const reply = await post();
      assert.deepEqual([reply.status, error(reply)], [412, `invalid compute status: ${status.replaceAll("_", "-")}`]);
    }
  });

  it("answers 412 when the status changes before the order arrives (HTTP-48)", async () => {
    parts.status = () => running;
    parts.terminate = () => Promise.resolve({ kind: "refused", status: "termination_pending_immediate" });
    const reply = await post();
    assert.deepEqual([reply.status, error(reply)], [412, "invalid compute status: termination-pending-immediate"]);
  });
});

describe("authorization of the routes", () => {
  it("guards all external routes but /metrics (HTTP-23, HTTP-24)", async () => {
    for (const [method, path] of [
      ["GET", "/status"],
      ["HEAD", "/status"],
      ["GET", "/metrics.json"],
      ["POST", "/configure"],
      ["POST", "/terminate"],
    ] as const) {
      const reply = await ask(server, method, path, { headers: { authorization: "Basic abc" } });
      assert.equal(reply.status, 400, path);
      assert.equal(reply.headers["www-authenticate"], undefined);
    }
  });

  it("says what is wrong in the words that clients know (HTTP-29)", async () => {
    const none = await ask(server, "GET", "/status", { headers: { authorization: "Basic abc" } });
    const bad = await ask(server, "GET", "/status", { headers: { authorization: "Bearer zzz" } });
    assert.deepEqual([none.status, error(none)], [400, "invalid authorization token"]);
    assert.deepEqual([bad.status, error(bad)], [401, "failed to verify authorization token"]);
  });
});
