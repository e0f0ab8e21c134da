import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, describe, it } from "node:test";
import type { ComputeStatus } from "../../compute/status.ts";
import type { Reply, TestServer } from "../test-support.ts";
import { ask, emptyView, fakeControl, startTestServer } from "../test-support.ts";

const config = JSON.parse(readFileSync(new URL("../../../test/fixtures/minimal.config.json", import.meta.url), "utf8"));
const json = { "content-type": "application/json" };

let status: ComputeStatus = "running";
let server: TestServer;
before(async () => {
  server = await startTestServer({ control: fakeControl({ status: () => ({ ...emptyView, status }) }) });
});
after(() => server.close(0));
beforeEach(() => {
  status = "running";
});

function error({ body }: Reply): string {
  return String(JSON.parse(body).error);
}

describe("POST /promote", () => {
  const post = (body: unknown): Promise<Reply> =>
    ask(server, "POST", "/promote", { headers: json, body: JSON.stringify(body) });
  const order = { spec: config.spec, wal_flush_lsn: "0/16B3748" };

  it("says in its own shape that it cannot (HTTP-57)", async () => {
    const reply = await post(order);
    assert.equal(reply.status, 500);
    assert.equal(reply.body, '{"status":"failed","error":"promotion is not available in this release"}');
  });

  it("reads its body first, then looks at the spec, then at the status (HTTP-55, T-1)", async () => {
    status = "empty";
    assert.equal((await post({ spec: config.spec })).status, 422);
    assert.equal((await post({ ...order, wal_flush_lsn: "16B3748" })).status, 422);
    const double = { ...config.spec, safekeeper_connstrings: ["a:1", "a:1"] };
    const underivable = await post({ ...order, spec: double });
    assert.deepEqual(
      [underivable.status, error(underivable)],
      [400, "duplicate entry in safekeeper_connstrings: a:1!"],
    );
    const refused = await post(order);
    assert.deepEqual([refused.status, error(refused)], [412, "invalid compute status: empty"]);
  });
});

describe("/lfc/prewarm and /lfc/offload", () => {
  it("tell that nothing has happened (HTTP-62, HTTP-64)", async () => {
    assert.equal((await ask(server, "GET", "/lfc/prewarm")).body, '{"status":"not_prewarmed"}');
    assert.equal((await ask(server, "GET", "/lfc/offload")).body, '{"status":"not_offloaded"}');
  });

  it("cancel nothing when there is nothing to cancel (HTTP-63, T-12)", async () => {
    const reply = await ask(server, "DELETE", "/lfc/prewarm");
    assert.deepEqual([reply.status, reply.body], [202, ""]);
  });

  it("take an endpoint that cannot leave its place in a path (HTTP-61, T-13)", async () => {
    for (const query of [
      "?",
      "?x=1",
      "?from_endpoint=",
      "?from_endpoint=.",
      "?from_endpoint=%2E.",
      "?from_endpoint=a&from_endpoint=b",
    ]) {
      assert.equal((await ask(server, "POST", `/lfc/prewarm${query}`)).status, 400, query);
    }
    assert.equal((await ask(server, "POST", "/lfc/prewarm?from_endpoint=ep-1")).status, 501);
  });

  it("answer 412 without a spec, and survive it (T-1)", async () => {
    status = "empty";
    for (const path of ["/lfc/prewarm", "/lfc/offload"]) {
      const reply = await ask(server, "POST", path);
      assert.deepEqual([reply.status, error(reply)], [412, "invalid compute status: empty"]);
    }
    assert.equal((await ask(server, "GET", "/status")).status, 200);
  });
});
