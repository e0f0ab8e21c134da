import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { PlanOutcome, RefreshOutcome } from "../../compute/control.ts";
import type { ExtensionDownloads } from "../../compute/extension-downloads.ts";
import type { ComputeStatus } from "../../compute/status.ts";
import type { FileRequest } from "../../extensions/resolution.ts";
import type { Reply, TestServer } from "../test-support.ts";
import { ask, emptyView, fakeControl, startTestServer } from "../test-support.ts";

let status: ComputeStatus = "running";
let refreshed: RefreshOutcome = { kind: "accepted" };
let server: TestServer;

before(async () => {
  const control = fakeControl({ status: () => ({ ...emptyView, status }), refresh: () => refreshed });
  server = await startTestServer({ name: "internal", control });
});
after(() => server.close(0));
beforeEach(() => {
  status = "running";
});

function post(path: string, body?: string): Promise<Reply> {
  const headers = { "content-type": "application/json" };
  return ask(server, "POST", path, body === undefined ? {} : { headers, body });
}

function error({ body }: Reply): string {
  return String(JSON.parse(body).error);
}

describe("POST /refresh_configuration (HTTP-73)", () => {
  it("answers at once, whatever the body is", async () => {
    refreshed = { kind: "accepted" };
    for (const body of ["", "a=b", "{"]) {
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const reply = await ask(server, "POST", "/refresh_configuration", { headers, body });
      assert.deepEqual([reply.status, reply.body, reply.headers["content-length"]], [200, "", "0"]);
    }
  });

  it("names the status in which there is nothing to refresh, and counts every call (vector 30)", async () => {
    const counted = (): number =>
      Number(/^pg_cctl_pagestream_request_errors_total (\d+)$/m.exec(server.metrics.text())?.[1]);
    const before = counted();
    for (const [refusedIn, name] of [
      ["empty", "Empty"],
      ["configuration_pending", "ConfigurationPending"],
      ["termination_pending_fast", "TerminationPendingFast"],
    ] as const) {
      refreshed = { kind: "refused", status: refusedIn };
      const reply = await post("/refresh_configuration");
      assert.equal(reply.status, 500);
      assert.equal(error(reply), `Cannot refresh compute configuration in state ${name}`);
    }
    assert.equal(counted(), before + 3);
  });
});

describe("POST /extension_server (HTTP-72)", () => {
  it("refuses names that are not UTF-8, empty ones, and a flag that is none (vector 28)", async () => {
    const replies = [];
    for (const path of ["%ff", "", "a?is_library=1", "a?is_library=true&is_library=true"]) {
      replies.push(await post(`/extension_server/${path}`));
    }
    assert.deepEqual(
      replies.map((reply) => reply.status),
      [400, 404, 400, 400],
    );
    assert.equal(replies[0] && error(replies[0]), "invalid url: invalid utf-8 in `filename`");
    assert.equal(replies[1]?.body, "");
  });

  it("says that there is no remote storage, in every status and for every name", async () => {
    for (status of ["empty", "running"] as const) {
      for (const path of ["a", "a/b.so?is_library=true", "%C3%A9?is_library=false", "a?", "%zz"]) {
        const reply = await post(`/extension_server/${path}`);
        assert.deepEqual([reply.status, error(reply)], [412, "remote storage is not configured"], path);
      }
    }
  });

  async function outcome(
    provide: ExtensionDownloads["provide"],
    path: string,
  ): Promise<readonly [status: number, body: string]> {
    const other = await startTestServer({ name: "internal", services: { extensions: { provide, list: () => [] } } });
    const reply = await ask(other, "POST", `/extension_server/${path}`);
    await other.close(0);
    return [reply.status, reply.body];
  }

  it("EXT-30: hands the decoded name on, and answers 200 without a body once the files are in place", async () => {
    const requests: FileRequest[] = [];
    const provide: ExtensionDownloads["provide"] = async (request) => {
      requests.push(request);
      return { kind: "provided" };
    };
    assert.deepEqual(await outcome(provide, "sub/z%C3%A9ta.so.3?is_library=true"), [200, ""]);
    assert.deepEqual(await outcome(provide, "zeta"), [200, ""]);
    assert.deepEqual(requests, [
      { name: "sub/z\u00e9ta.so.3", isLibrary: true },
      { name: "zeta", isLibrary: false },
    ]);
  });

  it("EXT-30: tells what is not offered, and what the spec says nothing about", async () => {
    const message = "extension zzz is not found";
    const refused = await outcome(async () => ({ kind: "not-offered", message }), "zzz");
    assert.deepEqual(refused, [404, `{"error":"${message}"}`]);
    const silent = await outcome(async () => ({ kind: "no-information" }), "zzz");
    assert.deepEqual(silent, [409, '{"error":"information about remote extensions is unavailable"}']);
  });

  it("EXT-30, trap 9: tells why a download failed on one line", async () => {
    const cause = new Error("remote extensions server is temporarily unavailable");
    const failing = () => Promise.reject(new Error('error downloading extension "zeta"', { cause }));
    const [status, body] = await outcome(failing, "zeta");
    const text =
      'Failed to download a remote file: error downloading extension "zeta": remote extensions server is temporarily unavailable';
    assert.deepEqual([status, JSON.parse(body)], [500, { error: text }]);
  });
});

describe("POST /grants and /extensions (HTTP-70, HTTP-71)", () => {
  const grant = (privileges: readonly string[]): string =>
    JSON.stringify({ database: "shop", schema: "public", privileges, role: "amy" });

  it("refuse privileges that are not upper-case names (vector 24)", async () => {
    const reply = await post("/grants", grant(["usage"]));
    assert.equal(reply.status, 422);
    assert.match(error(reply), /^failed to deserialize the json body into the target type: privileges\[0\]: unknown/);
  });

  it("grant nothing without SQL (vector 25)", async () => {
    const reply = await post("/grants", grant([]));
    const body = '{"database":"shop","schema":"public","privileges":[],"role":"amy"}';
    assert.deepEqual([reply.status, reply.body], [201, body]);
  });

  it("refuse a bad body before a wrong status (HTTP-9)", async () => {
    status = "init";
    assert.equal((await post("/extensions", "{}")).status, 422);
    const reply = await post("/grants", grant([]));
    assert.deepEqual([reply.status, error(reply)], [412, "invalid compute status: init"]);
  });

  it("take a body of at most 2 MiB (HTTP-20, vector 9)", async () => {
    const body = grant([]);
    assert.equal((await post("/grants", body.padEnd(2_097_152))).status, 201);
    for (const size of [2_097_153, 3 * 1024 * 1024]) {
      const reply = await post("/grants", body.padEnd(size));
      assert.deepEqual([reply.status, error(reply)], [413, "failed to buffer the request body: length limit exceeded"]);
    }
  });

  it("refuse fields given twice, arrays, and bytes behind the document (T-20)", async () => {
    for (const [body, expected] of [
      [grant([]).replace("{", '{"role":"eve",'), 422],
      ['["shop","public",[],"amy"]', 422],
      [`${grant([])}{}`, 400],
    ] as const) {
      assert.equal((await post("/grants", body)).status, expected, body);
    }
  });
});

describe("GET /plan (HTTP-80)", () => {
  it("sends what would change, and says when that cannot be told", async () => {
    const steps = [{ kind: "create-health-check" as const, database: null, what: "create it", why: "not there" }];
    const plan = { changes: true, phases: [{ name: "health check", steps }], warnings: ["w"] };
    let answer: () => Promise<PlanOutcome> = () => Promise.resolve({ kind: "planned", plan });
    const control = fakeControl({ status: () => ({ ...emptyView, status: "running" }), plan: () => answer() });
    const other = await startTestServer({ name: "internal", control });
    const told = await ask(other, "GET", "/plan");
    assert.deepEqual([told.status, JSON.parse(told.body)], [200, plan]);
    answer = () => Promise.resolve({ kind: "refused", status: "configuration" });
    const early = await ask(other, "GET", "/plan");
    assert.deepEqual([early.status, error(early)], [412, "invalid compute status: configuration"]);
    answer = () => Promise.reject(new Error("could not read the catalog", { cause: new Error("down") }));
    const broken = await ask(other, "GET", "/plan");
    await other.close(0);
    assert.deepEqual([broken.status, error(broken)], [500, "could not read the catalog: down"]);
  });
});

describe("POST /failpoints (HTTP-74)", () => {
  it("does not exist", async () => {
    assert.equal((await post("/failpoints", "[]")).status, 404);
  });
});
