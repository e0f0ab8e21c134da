import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import type { ComputeControl } from "../../compute/control.ts";
import type { Operation } from "../../compute/operation.ts";
import { computeStatuses } from "../../compute/status.ts";
import type { TestServer } from "../test-support.ts";
import { ask, emptyView, fakeControl, startTestServer, tokenA } from "../test-support.ts";

let parts: Partial<ComputeControl> = {};
let server: TestServer;
const logLines = ["one", "two", "three"];

before(async () => {
  const base = fakeControl();
  server = await startTestServer({
    control: {
      ...base,
      status: () => (parts.status ?? base.status)(),
      timeline: () => (parts.timeline ?? base.timeline)(),
      migrations: () => (parts.migrations ?? base.migrations)(),
      operations: () => (parts.operations ?? base.operations)(),
      waitForStatus: (...wait) => (parts.waitForStatus ?? base.waitForStatus)(...wait),
      checkAlive: (signal) => (parts.checkAlive ?? base.checkAlive)(signal),
    },
    services: { recentLogLines: (count) => (count === 0 ? [] : logLines.slice(-count)) },
  });
});
after(() => server.close(0));
beforeEach(() => {
  parts = {};
});

const running = { ...emptyView, status: "running" as const };
const noToken = { headers: { authorization: "none" } };

describe("GET /migrations (HTTP-81)", () => {
  it("tells how far they have come, also before and after a failure", async () => {
    const base = { applied: null, total: 12 };
    for (const [progress, failed] of [
      [{ ...base, stage: "waiting", failed: null }, null],
      [
        { ...base, stage: "failed", failed: { id: null, error: "no lock" } },
        { id: null, error: "no lock" },
      ],
      [{ stage: "done", applied: 12, total: 12, failed: null }, null],
    ] as const) {
      parts.migrations = () => progress;
      const { stage: state, applied, total } = progress;
      const reply = await ask(server, "GET", "/migrations");
      assert.deepEqual([reply.status, reply.body], [200, JSON.stringify({ state, applied, total, failed })]);
    }
  });
});

describe("GET /status that waits (HTTP-76)", () => {
  it("answers once the compute is in one of the statuses, or when the time is up", async () => {
    const waits: unknown[] = [];
    parts.waitForStatus = (wanted, limitMs) => {
      waits.push([wanted, limitMs]);
      return Promise.resolve(running);
    };
    for (const query of ["wait_for=running", "wait_for=failed,running&timeout=0.5", "wait_for=running&timeout=9999"]) {
      const reply = await ask(server, "GET", `/status?${query}`);
      assert.equal(reply.status, 200);
      assert.match(reply.body, /"status":"running"/);
    }
    assert.deepEqual(waits, [
      [["running"], 30_000],
      [["running", "failed"], 500],
      [["running"], 300_000],
    ]);
  });

  for (const query of [
    ...["wait_for=", "wait_for=happy", "wait_for=running,", "wait_for=configuration-pending"],
    ...["wait_for=running&wait_for=failed", "wait_for=running&timeout=x", "wait_for=running&timeout=-1"],
  ]) {
    it(`answers 400 to ${query}`, async () => {
      const reply = await ask(server, "GET", `/status?${query}`);
      assert.equal(reply.status, 400);
      assert.match(reply.body, /^\{"error":"failed to deserialize query string: /);
    });
  }

  it("does not wait for anything else, as the original", async () => {
    parts.waitForStatus = () => Promise.reject(new Error("it should not have been asked"));
    for (const query of ["?", "?x=1", "?timeout=soon"]) {
      assert.equal((await ask(server, "GET", `/status${query}`)).status, 200);
    }
  });

  it("stops when its client goes away, and delays nobody meanwhile (HTTP-6)", async () => {
    for (const leave of ["resetAndDestroy", "destroy", "end"] as const) {
      const asked = Promise.withResolvers<AbortSignal>();
      parts.waitForStatus = (_wanted, _limitMs, signal) => {
        asked.resolve(signal);
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve(emptyView)));
      };
      const client = connect(server.port, "127.0.0.1");
      client.write(`GET /status?wait_for=running HTTP/1.1\r\nauthorization: Bearer ${tokenA}\r\n\r\n`);
      const signal = await asked.promise;
      assert.equal((await ask(server, "GET", "/metrics")).status, 200);
      client[leave]();
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      client.destroy();
    }
  });
});

describe("GET /healthz and /readyz (FIELD-2)", () => {
  it("say without a token whether the process answers and the compute is running, in every status", async () => {
    for (const status of computeStatuses) {
      parts.status = () => ({ ...emptyView, status, tenant: "1".repeat(32), error: "secret" });
      const [health, readiness] = [
        await ask(server, "GET", "/healthz", noToken),
        await ask(server, "GET", "/readyz", noToken),
      ];
      assert.deepEqual([health.status, health.body], [200, '{"status":"ok"}']);
      assert.deepEqual(
        [readiness.status, readiness.body],
        [status === "running" ? 200 : 503, `{"status":"${status}"}`],
      );
    }
  });

  it("are logged at debug, like the other scraped routes, also while they fail (HTTP-16)", async () => {
    server.lines.length = 0;
    for (const path of ["/healthz", "/readyz", "/metrics", "/autoscaling_metrics"]) await ask(server, "GET", path);
    assert.ok(server.lines.length >= 8);
    assert.deepEqual(
      server.lines.filter((line) => !line.startsWith("debug ")),
      [],
    );
  });
});

describe("GET /operations (HTTP-77)", () => {
  const operations: readonly Operation[] = [
    { id: "a 1", kind: "start", state: "succeeded", error: null, startedAt: new Date(0), endedAt: new Date(1500) },
    { id: "b/2", kind: "configure", state: "running", error: null, startedAt: new Date(2000), endedAt: null },
  ];
  const first =
    '{"id":"a 1","kind":"start","state":"succeeded","error":null,"started_at":"1970-01-01T00:00:00Z","ended_at":"1970-01-01T00:00:01.500Z"}';
  const second =
    '{"id":"b/2","kind":"configure","state":"running","error":null,"started_at":"1970-01-01T00:00:02Z","ended_at":null}';

  it("lists them, and finds one by its id", async () => {
    parts.operations = () => operations;
    assert.equal((await ask(server, "GET", "/operations")).body, `{"operations":[${first},${second}]}`);
    assert.equal((await ask(server, "GET", "/operations/a%201")).body, first);
    assert.equal((await ask(server, "GET", "/operations/b%2F2")).body, second);
    assert.equal((await ask(server, "GET", "/operations/b/2")).body, second);
  });

  it("answers 404 to another id, 400 to one that is no text, and asks for a token before both", async () => {
    const status = async (path: string, options = {}) => (await ask(server, "GET", path, options)).status;
    assert.deepEqual([await status("/operations/c"), await status("/operations/%ff")], [404, 400]);
    assert.deepEqual([await status("/operations/c", noToken), await status("/operations/")], [400, 404]);
  });
});

describe("GET /timeline and /logs (HTTP-79)", () => {
  it("shows the phases and the changes of status", async () => {
    parts.timeline = () => ({
      phases: [
        { name: "basebackup", startMs: 1.5, endMs: 20 },
        { name: "start_postgres", startMs: 20, endMs: null },
      ],
      changes: [{ status: "init", at: new Date(0) }],
    });
    assert.equal(
      (await ask(server, "GET", "/timeline")).body,
      '{"phases":[{"name":"basebackup","start_ms":1.5,"end_ms":20},{"name":"start_postgres","start_ms":20,"end_ms":null}],' +
        '"changes":[{"status":"init","at":"1970-01-01T00:00:00Z"}]}',
    );
  });

  it("shows the newest lines of the log, only with a token", async () => {
    const body = async (query: string) => (await ask(server, "GET", `/logs${query}`)).body;
    assert.equal(await body(""), '{"lines":["one","two","three"]}');
    assert.equal(await body("?lines=2"), '{"lines":["two","three"]}');
    assert.equal(await body("?lines=0"), '{"lines":[]}');
    assert.match(await body("?lines=-1"), /^\{"error":"failed to deserialize query string/);
    assert.equal((await ask(server, "GET", "/logs", noToken)).status, 400);
  });
});

describe("GET /openapi.yaml (HTTP-79)", () => {
  it("serves the document as it is, without a token", async () => {
    const reply = await ask(server, "GET", "/openapi.yaml", noToken);
    assert.deepEqual([reply.status, reply.headers["content-type"]], [200, "application/yaml"]);
    const file = new URL("../../../docs/behaviour/openapi.yaml", import.meta.url);
    assert.equal(reply.body, readFileSync(file, "utf8"));
  });
});

describe("GET /hadron_liveness_probe (HTTP-69)", () => {
  it("says ok, or why not", async () => {
    const alive = await ask(server, "GET", "/hadron_liveness_probe");
    assert.deepEqual([alive.status, alive.body], [200, '"ok"']);
    parts.checkAlive = () => Promise.reject(new Error("could not run `/bin/pg_isready --port 5432`"));
    const dead = await ask(server, "GET", "/hadron_liveness_probe");
    assert.deepEqual([dead.status, dead.body], [500, '{"error":"could not run `/bin/pg_isready --port 5432`"}']);
  });
});
