import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, it, type TestContext } from "node:test";
import type { Log } from "../../base/log.ts";
import { type Collector, startCollector } from "./test-collector.ts";
import { createTracer } from "./tracer.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
/** More than any test takes: what is waited for comes, or the test runner gives up. */
const longMs = 60_000;

/** Sets a variable that the exporter reads by itself. */
function setVariable(t: TestContext, name: string, value: string): void {
  process.env[name] = value;
  t.after(() => delete process.env[name]);
}

function recordingLog(lines: string[]): Log {
  const write =
    (level: string): Log["info"] =>
    (message, fields) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  const log: Log = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    span: () => log,
  };
  return log;
}

async function tracerFor(collector: Pick<Collector, "endpoint">) {
  const lines: string[] = [];
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  const tracing = await createTracer({ env, serviceName: "compute_ctl", log: recordingLog(lines) });
  return { ...tracing, lines };
}

describe("the tracer (LIFE-84)", () => {
  it("exports spans over OTLP/HTTP, children below their parents (LIFE-85)", async (t) => {
    const collector = await startCollector(t);
    const { tracer, flush, lines } = await tracerFor(collector);
    const parent = { traceparent: `00-${traceId}-${spanId}-01`, tracestate: "a=1, b=2" };
    const start = tracer.start("start_compute", { parent });
    const child = tracer.start("get_basebackup", { parent: start.context, attributes: { attempt: 3 } });
    child.set({ lsn: "0/1700000" });
    child.event("connected", { level: "info" });
    child.end();
    start.end();
    tracer.start("HTTP", { kind: "server" }).end();
    await flush(longMs);

    assert.deepEqual([...collector.serviceNames], ["compute_ctl"]);
    assert.deepEqual(
      collector.requests.map(({ path, headers }) => [path, headers["content-type"]]),
      [["/v1/traces", "application/x-protobuf"]],
    );
    const [inner, outer, request] = collector.spans;
    assert.ok(inner !== undefined && outer !== undefined && request !== undefined);
    assert.deepEqual(
      [outer.name, outer.traceId, outer.parentSpanId, outer.kind],
      ["start_compute", traceId, spanId, 1],
    );
    assert.deepEqual([inner.name, inner.traceId, inner.parentSpanId], ["get_basebackup", traceId, outer.spanId]);
    assert.equal(start.context?.traceparent, `00-${traceId}-${outer.spanId}-01`);
    assert.deepEqual(
      [outer.traceState, inner.traceState, start.context?.tracestate],
      ["a=1,b=2", "a=1,b=2", "a=1,b=2"],
    );
    assert.deepEqual(inner.attributes, { attempt: "3", lsn: "0/1700000" });
    assert.deepEqual(inner.events, [{ name: "connected", attributes: { level: "info" } }]);
    assert.deepEqual([request.name, request.kind, request.parentSpanId], ["HTTP", 2, ""]);
    assert.notEqual(request.traceId, traceId);
    assert.deepEqual(lines, []);
  });

  it("takes a malformed parent for none, and leaves out what its parent does not sample", async (t) => {
    const collector = await startCollector(t);
    const { tracer, flush } = await tracerFor(collector);
    tracer.start("root", { parent: { traceparent: "00-what", tracestate: "a=1" } }).end();
    const unsampled = tracer.start("unsampled", { parent: { traceparent: `00-${traceId}-${spanId}-00` } });
    unsampled.end();
    await flush(longMs);
    assert.deepEqual(
      collector.spans.map(({ name, parentSpanId, traceState }) => [name, parentSpanId, traceState]),
      [["root", "", ""]],
    );
    assert.match(unsampled.context?.traceparent ?? "", new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  });

  it("exports work that was over before there was a tracer, with its times", async (t) => {
    const collector = await startCollector(t);
    const { tracer, flush } = await tracerFor(collector);
    const at = Date.UTC(2031, 3, 5) + 0.25;
    tracer.start("prepare_pgdata", { at }).end(undefined, at + 12.5);
    await flush(longMs);
    const [span] = collector.spans;
    assert.deepEqual([span?.startMs, span?.endMs, span?.statusCode], [at, at + 12.5, 0]);
  });

  it("marks failures, and sends no secrets", async (t) => {
    const collector = await startCollector(t);
    const { tracer, flush } = await tracerFor(collector);
    const attributes = { "http.request.header.authorization": "s3cret", "url.query": "password=s3cret" };
    const span = tracer.start("HTTP", { attributes });
    span.event("password=s3cret", { to: "postgresql://u:s3cret@h/" });
    span.end(new Error("outer", { cause: new Error("cannot reach http://u:s3cret@h/") }));
    await flush(longMs);
    const [sent] = collector.spans;
    assert.deepEqual([sent?.statusCode, sent?.statusMessage], [2, "outer: cannot reach http://u:[hidden]@h/"]);
    assert.doesNotMatch(String(collector.requests[0]?.body), /s3cret/);
  });

  it("sends the headers that the environment asks for, and never logs them", async (t) => {
    const collector = await startCollector(t);
    setVariable(t, "OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=s3cret");
    collector.answer = 401;
    const { tracer, flush, lines } = await tracerFor(collector);
    tracer.start("a").end();
    await flush(longMs);
    assert.equal(collector.requests[0]?.headers["x-api-key"], "s3cret");
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /^warn could not export traces.*HTTP 401/);
    assert.doesNotMatch(lines.join(), /s3cret/);
  });

  it("logs once that nobody collects, and once that somebody does again", async (t) => {
    // Too short for a second try within an export.
    setVariable(t, "OTEL_EXPORTER_OTLP_TIMEOUT", "500");
    const collector = await startCollector(t);
    collector.answer = 503;
    const { tracer, flush, lines } = await tracerFor(collector);
    for (const answer of [503, 503, 200, 200]) {
      collector.answer = answer;
      tracer.start("a").end();
      await flush(longMs);
    }
    assert.deepEqual(
      lines.map((line) =>
        line
          .split(/[, ] ?/)
          .slice(0, 5)
          .join(" "),
      ),
      ["warn could not export traces", "info traces are exported again"],
    );
  });

  it("says why when nobody listens", async (t) => {
    setVariable(t, "OTEL_EXPORTER_OTLP_TIMEOUT", "500");
    // Port 1 of loopback is nobody's.
    const { tracer, flush, lines } = await tracerFor({ endpoint: "http://127.0.0.1:1" });
    tracer.start("a").end();
    await flush(longMs);
    assert.match(lines.join("\n"), /^warn could not export traces.*"collector":"127\.0\.0\.1:1".*ECONNREFUSED[^\n]*$/);
  });

  it("keeps no more than so many spans for a collector that is stuck", async (t) => {
    const collector = await startCollector(t);
    const { tracer, flush } = await tracerFor(collector);
    for (let count = 0; count < 10_000; count += 1) tracer.start("many").end();
    await flush(longMs);
    // 2,048 in the queue and a batch of 512 on its way.
    assert.equal(collector.spans.length, 2_560);
  });
});

/** Runs a program that has {@link createTracer} and a `log` to stdout; returns what it wrote. */
async function runProgram(program: string): Promise<{ code: unknown; output: string }> {
  const head = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ resolve: (specifier, context, next) => (loaded.push(specifier), next(specifier, context)) });
    const write = (message, fields = {}) => console.log(message, JSON.stringify(fields));
    const log = { debug: write, info: write, warn: write, error: write, span: () => log };
    const { createTracer } = await import(${JSON.stringify(new URL("./tracer.ts", import.meta.url).href)});
    const createFor = (env) => createTracer({ env, serviceName: "compute_ctl", log });
    const packages = () => new Set(loaded.filter((name) => name.startsWith("@opentelemetry/"))).size;`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", head + program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  return { code, output };
}

describe("a process", () => {
  it("loads nothing of OpenTelemetry unless an endpoint is configured", async () => {
    const { code, output } = await runProgram(`
      const endpoint = "http://127.0.0.1:1";
      for (const env of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: "nonsense" },
        { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: "true" }]) {
        const { tracer, flush } = await createFor(env);
        tracer.start("a").end();
        await flush(1);
      }
      console.log(packages());
      await createFor({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint });
      console.log(packages() > 0);`);
    assert.deepEqual(output.split("\n"), [
      "traces are not exported: OTEL_EXPORTER_OTLP_ENDPOINT is not an http:// or https:// URL {}",
      "0",
      "true",
      "",
    ]);
    assert.equal(code, 0);
  });

  it("ends although its collector does not answer, with one line about it (LIFE-39)", async (t) => {
    const collector = await startCollector(t);
    collector.answer = "hang";
    const { code, output } = await runProgram(`
      const { tracer, flush } = await createFor({ OTEL_EXPORTER_OTLP_ENDPOINT: ${JSON.stringify(collector.endpoint)} });
      tracer.start("a").end();
      await flush(50);
      await flush(50);
      process.exit(3);`);
    assert.equal(code, 3);
    assert.match(output, /^could not export traces, spans are lost .*"cause":"exporting took longer than 50 ms"\}\n$/);
  });
});
