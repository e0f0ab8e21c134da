import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import type { ComputeControl } from "../../compute/control.ts";
import { routes } from "../routes/index.ts";
import type { RecordedSpan, TestServer } from "../test-support.ts";
import { ask, fakeControl, faulty, ownTraceparent, startTestServer, tokenA } from "../test-support.ts";

describe("what is told of requests", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ routes: [...routes, faulty], control: fakeControl() });
  });
  after(() => server.close(0));

  async function spanOf(method: string, path: string, headers: Record<string, string> = {}): Promise<RecordedSpan> {
    server.spans.length = 0;
    await ask(server, method, path, { headers });
    // The span ends with the response, which the client may see first.
    await ask(server, "GET", "/nope");
    const [span] = server.spans;
    assert.ok(span);
    return span;
  }

  it("a span for each, as a child of the trace that the client names (HTTP-15)", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const span = await spanOf("GET", "/status?a=1", { traceparent, "x-request-id": "id-1", host: "h" });
    assert.deepEqual([span.name, span.parent, span.ended, span.error], ["HTTP", { traceparent }, true, undefined]);
    assert.deepEqual(span.attributes, {
      "http.request.method": "GET",
      "network.protocol.name": "http",
      "network.protocol.version": "1.1",
      "url.path": "/status",
      "url.query": "a=1",
      "http.request.header.host": "h",
      "http.request.header.x-request-id": "id-1",
      "http.response.status_code": 200,
      "http.response.header.x-request-id": "id-1",
      "http.response.header.content-type": "application/json",
    });
  });

  it("a configuration the request's span, for the start to be its child (HTTP-15)", async () => {
    const traces: unknown[] = [];
    const configure: ComputeControl["configure"] = (_config, { trace }) => {
      traces.push(trace);
      return Promise.resolve({ kind: "refused", status: "init" });
    };
    const own = await startTestServer({ control: fakeControl({ configure }) });
    const body = readFileSync(new URL("../../../test/fixtures/minimal.config.json", import.meta.url), "utf8");
    await ask(own, "POST", "/configure", { headers: { "content-type": "application/json" }, body });
    await own.close(0);
    assert.deepEqual(traces, [{ traceparent: ownTraceparent }]);
  });

  it("no header that may hold a secret (T-3)", async () => {
    const headers = {
      cookie: "s=secret-cookie",
      "proxy-authorization": "Basic secret-proxy",
      "x-api-key": "secret-key",
    };
    const told = JSON.stringify([await spanOf("GET", "/status", headers), server.lines]);
    for (const secret of ["secret", tokenA, ...tokenA.split(".")]) assert.ok(!told.includes(secret), secret);
  });

  it("failures of class 5xx, and no others (HTTP-15)", async () => {
    const { error, attributes } = await spanOf("GET", "/faulty");
    assert.equal(error instanceof Error && error.message, "outer: inner");
    assert.equal(attributes["http.response.status_code"], 500);
    assert.equal((await spanOf("POST", "/terminate?mode=slow")).error, undefined);
    assert.equal(
      (await spanOf("PUT", "/lfc/prewarm")).attributes["http.response.header.allow"],
      "GET,HEAD,POST,DELETE",
    );
  });

  it("counts by template, method and class, which no client can multiply (MET-17)", async () => {
    const own = await startTestServer();
    for (const [method, path] of [
      ["GET", "/operations/1"],
      ["HEAD", "/operations/2"],
      ["GET", "/nope/1"],
      ["GET", "/nope/2"],
      ["PATCH", "/status"],
      ["PURGE", "/status"],
    ] as const) {
      await ask(own, method, path);
    }
    const { body } = await ask(own, "GET", "/metrics");
    await own.close(0);
    assert.deepEqual(
      body.split("\n").filter((line) => line.startsWith("compute_ctl_http_requests_total")),
      [
        'compute_ctl_http_requests_total{code_class="4xx",method="GET",route="/operations/{id}",server="external"} 1',
        'compute_ctl_http_requests_total{code_class="4xx",method="GET",route="unknown",server="external"} 2',
        'compute_ctl_http_requests_total{code_class="4xx",method="HEAD",route="/operations/{id}",server="external"} 1',
        'compute_ctl_http_requests_total{code_class="4xx",method="other",route="/status",server="external"} 2',
      ],
    );
    assert.match(body, /^compute_ctl_http_requests_in_flight\{server="external"\} 1$/m);
    assert.match(body, /^compute_ctl_http_request_seconds_count\{method="GET",route="unknown",server="external"\} 2$/m);
  });

  it("nothing new in /metrics before there is a request (MET-3)", () => {
    const untouched = server.metrics.text().split("# HELP compute_ctl_http")[0] ?? "";
    assert.match(untouched, /pg_cctl_configure_statement_timeout_errors_total 0\n$/);
  });
});
