import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startCollector } from "../../../src/tracing/do/test-collector.ts";
import { withWorld } from "../support/world.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";
const phases = ["prepare_pgdata", "start_postgres", "configure_as_primary"];

describe("traces (LIFE-84, LIFE-85)", () => {
  it("show the start with its phases as children, below the span of TRACEPARENT", (t) =>
    withWorld({}, async (world) => {
      const collector = await startCollector(t);
      const env = {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        TRACEPARENT: `00-${traceId}-${parentId}-01`,
        TRACESTATE: "vendor=tide",
      };
      const compute = await world.start({ config: world.config(), env });
      await compute.waitFor("running");
      compute.signal("SIGTERM");
      await compute.exited;

      assert.deepEqual([...collector.serviceNames], ["compute_ctl"]);
      const start = collector.spans.find(({ name }) => name === "start_compute");
      assert.ok(start !== undefined, compute.log());
      assert.deepEqual([start.traceId, start.parentSpanId, start.statusCode], [traceId, parentId, 0]);
      const children = collector.spans.filter(({ parentSpanId }) => parentSpanId === start.spanId);
      assert.deepEqual(
        phases.filter((phase) => !children.some(({ name }) => name === phase)),
        [],
      );
      for (const { name, traceId: trace, startMs, endMs } of children) {
        assert.equal(trace, traceId, name);
        assert.ok(startMs >= start.startMs - 1 && endMs <= start.endMs + 1 && startMs <= endMs, name);
      }
      const requests = collector.spans.filter(({ kind }) => kind === 2);
      assert.ok(requests.length > 0);
      assert.ok(!JSON.stringify(collector.spans).includes(world.adminToken.split(".")[2] ?? "."));
    }));

  it("HTTP-15: show the start of an empty compute below the request that brought its spec", (t) =>
    withWorld({}, async (world) => {
      const collector = await startCollector(t);
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
      const config = { compute_ctl_config: world.config().compute_ctl_config };
      const compute = await world.start({ config, env });
      await compute.waitFor("empty");
      const reply = await fetch(`http://127.0.0.1:${world.ports.external}/configure`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${world.adminToken}`,
          "content-type": "application/json",
          traceparent: `00-${traceId}-${parentId}-01`,
        },
        body: JSON.stringify(world.config()),
      });
      assert.equal(reply.status, 200, await reply.text());
      compute.signal("SIGTERM");
      await compute.exited;
      const request = collector.spans.find(({ parentSpanId }) => parentSpanId === parentId);
      const start = collector.spans.find(({ name }) => name === "start_compute");
      assert.ok(request !== undefined && start !== undefined, compute.log());
      assert.deepEqual([start.traceId, start.parentSpanId], [traceId, request.spanId]);
    }));

  it("show a start that failed as failed", (t) =>
    withWorld({}, async (world) => {
      const collector = await startCollector(t);
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
      const databases = [{ name: "ledger", owner: "nobody_here", options: null }];
      const compute = await world.start({ config: world.config({ cluster: { databases } }), env, lingerSeconds: 0 });
      assert.deepEqual(await compute.exited, { code: 1, signal: null });
      const start = collector.spans.find(({ name }) => name === "start_compute");
      assert.deepEqual([start?.statusCode, start?.parentSpanId], [2, ""]);
      assert.match(start?.statusMessage ?? "", /nobody_here/);
    }));
});

describe("--log-format json", () => {
  it("writes one object a line, for the program's own lines and for Postgres's", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config(), args: ["--log-format", "json"] });
      await compute.waitFor("running");
      await (await compute.connect()).query("SELECT 1/0").catch(() => {});
      compute.signal("SIGTERM");
      await compute.exited;
      const lines = compute.log().trimEnd().split("\n");
      const records = lines.map((line): unknown => JSON.parse(line));
      assert.ok(records.every((record) => typeof record === "object" && record !== null && !Array.isArray(record)));
      const own = lines.filter((line) => line.includes("Changing compute status from init to running"));
      const postgres = lines.filter((line) => line.includes("division by zero"));
      assert.deepEqual([own.length, postgres.length], [1, 1]);
      assert.equal(compute.stdout(), "");
    }));
});

describe("what a compute tells of itself (HTTP-77, HTTP-79)", () => {
  it("has the waterfall of its start, its operations and its log", () =>
    withWorld({}, async (world) => {
      const compute = await world.start({ config: world.config() });
      await compute.waitFor("running");
      const json = async (path: string): Promise<string> => {
        const reply = await compute.request("GET", path);
        assert.equal(reply.status, 200, reply.text);
        return reply.text;
      };
      const timeline = JSON.parse(await json("/timeline"));
      const names: readonly unknown[] = timeline.phases.map(({ name }: { name: unknown }) => name);
      assert.deepEqual(
        phases.filter((phase) => !names.includes(phase)),
        [],
      );
      for (const { name, start_ms, end_ms } of timeline.phases) assert.ok(0 <= start_ms && start_ms <= end_ms, name);
      const statuses = timeline.changes.map(({ status }: { status: unknown }) => status);
      assert.deepEqual(statuses, ["empty", "init", "running"]);

      const databases = [{ name: "ledger", owner: "nobody_here", options: null }];
      const body = world.config({ cluster: { databases } });
      const taken = await compute.request("POST", "/configure?wait=false", { body });
      assert.equal(taken.status, 202, taken.text);
      await compute.waitFor("failed");
      const { operations } = JSON.parse(await json("/operations"));
      const brief = operations.map(({ kind, state }: Record<string, unknown>) => [kind, state]);
      assert.deepEqual(brief, [
        ["start", "succeeded"],
        ["configure", "failed"],
      ]);
      assert.match(operations[1].error, /nobody_here/);
      assert.deepEqual(JSON.parse(await json(`/operations/${operations[1].id}`)), operations[1]);
      assert.equal(operations[1].id, JSON.parse(taken.text).id);

      const { lines } = JSON.parse(await json("/logs?lines=2000"));
      for (const what of ["Changing compute status from init to running", "PG:", "compute build_tag"]) {
        assert.ok(
          lines.some((line: string) => line.includes(what)),
          what,
        );
      }
      assert.equal(JSON.parse(await json("/logs?lines=3")).lines.length, 3);
    }));
});
