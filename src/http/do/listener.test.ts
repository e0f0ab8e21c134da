import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { systemClock } from "../../base/clock.ts";
import { silentTracer } from "../../base/tracer.ts";
import { json } from "../answer.ts";
import { accepted } from "../input.ts";
import type { Route } from "../route.ts";
import type { TestServer } from "../test-support.ts";
import {
  ask,
  emptyView,
  fakeControl,
  fakeServices,
  faulty,
  recordingLog,
  signToken,
  startTestServer,
  statusCodes,
  talk,
  tokenA,
} from "../test-support.ts";
import { BindError, bind } from "./bind.ts";
import { drain } from "./drain.ts";
import { startServer } from "./listener.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Sends back the body, at most 10 bytes of it. */
const echo: Route<string> = {
  server: "external",
  method: "POST",
  path: "/echo",
  auth: "open",
  input: {
    from: "target and json",
    query: [],
    bytesMax: 10,
    decode: () => accepted((bytes) => accepted(Buffer.from(bytes).toString())),
  },
  responses: [200],
  handle: (_services, text) => json(200, text),
};

describe("a server", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close(0));

  it("answers an unknown path with an empty 404 that has the request's id (HTTP-11, HTTP-14)", async () => {
    const { status, headers, body } = await ask(server, "GET", "/nope", { headers: { "X-Request-Id": "abc-123" } });
    assert.deepEqual([status, body], [404, ""]);
    assert.deepEqual(
      [headers["x-request-id"], headers["content-length"], headers["content-type"]],
      ["abc-123", "0", undefined],
    );
  });

  it("matches paths byte for byte (HTTP-10)", async () => {
    for (const path of ["/%6detrics", "/status/", "/STATUS", "//status"]) {
      assert.equal((await ask(server, "GET", path)).status, 404, path);
    }
  });

  const wrongMethods: readonly [method: string, path: string, allow: string][] = [
    ["OPTIONS", "/status", "GET,HEAD"],
    ["TRACE", "/metrics", "GET,HEAD"],
    ["POST", "/metrics.json", "GET,HEAD"],
    ["HEAD", "/configure", "POST"],
    ["PUT", "/lfc/prewarm", "GET,HEAD,POST,DELETE"],
    ["PATCH", "/lfc/offload", "GET,HEAD,POST"],
    ["GET", "/terminate?", "POST"],
  ];
  for (const [method, path, allow] of wrongMethods) {
    it(`answers ${method} ${path} with 405 and ${allow}, without looking at the token (HTTP-12)`, async () => {
      const reply = await ask(server, method, path, { headers: { authorization: "none" } });
      assert.deepEqual([reply.status, reply.body, reply.headers.allow], [405, "", allow]);
      assert.match(String(reply.headers["x-request-id"]), uuid);
    });
  }

  it("answers methods that HTTP does not know, and CONNECT, like other wrong ones (HTTP-12)", async () => {
    for (const method of ["FROB", "CONNECT"]) {
      const heard = await talk(server, `${method} /status HTTP/1.1\r\n\r\n`);
      assert.deepEqual(statusCodes(heard), [405], method);
      assert.match(heard, /^allow: GET,HEAD\r$/m);
      assert.deepEqual(statusCodes(await talk(server, `${method} /nope HTTP/1.1\r\n\r\n`)), [404], method);
    }
  });

  it("answers HEAD with the headers of the GET and no body (HTTP-13)", async () => {
    const [get, head] = [await ask(server, "GET", "/status"), await ask(server, "HEAD", "/status")];
    assert.deepEqual([head.status, head.body], [200, ""]);
    for (const name of ["content-type", "content-length"]) assert.equal(head.headers[name], get.headers[name]);
    assert.equal(get.headers["content-length"], String(get.body.length));
  });

  it("sends a date and no name of its own (HTTP-5)", async () => {
    const { headers } = await ask(server, "GET", "/metrics");
    assert.ok(headers.date);
    assert.equal(headers["server"], undefined);
  });

  it("serves clients without Host, of HTTP/1.0, and with absolute targets (HTTP-5)", async () => {
    for (const head of [
      "GET /metrics HTTP/1.1\r\n\r\n",
      "GET /metrics HTTP/1.0\r\n\r\n",
      "GET http://localhost:3080/metrics HTTP/1.1\r\n\r\n",
    ]) {
      assert.deepEqual(statusCodes(await talk(server, head)), [200], head);
    }
  });

  it("answers a client that has shut down its sending side", async () => {
    const heard = await talk(server, `GET /status HTTP/1.1\r\nauthorization: Bearer ${tokenA}\r\n\r\n`);
    assert.match(heard, /"status":"empty"/);
  });

  it("keeps the order of pipelined requests (vector 33)", async () => {
    const heard = await talk(
      server,
      `GET /status HTTP/1.1\r\nauthorization: Bearer ${tokenA}\r\n\r\nGET /nope HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n`,
    );
    assert.deepEqual(statusCodes(heard), [200, 404, 200]);
  });

  it("answers what cannot be parsed with an empty 400, after the requests before it (HTTP-5)", async () => {
    assert.deepEqual(statusCodes(await talk(server, "garbage\r\n\r\n")), [400]);
    const request = `GET /status HTTP/1.1\r\nauthorization: Bearer ${tokenA}\r\n\r\n`;
    const heard = await talk(server, `${request}\0\0\0\0`, { shutDown: false });
    assert.deepEqual(statusCodes(heard), [200, 400]);
    assert.doesNotMatch(heard.slice(heard.indexOf(" 400 ")), /x-request-id/i);
  });

  it("takes 100 headers and one of 64 KiB, and answers more of either with an empty 431 (HTTP-5)", async () => {
    const withHeaders = (lines: readonly string[]): string => `GET /metrics HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
    const many = Array.from({ length: 101 }, (_, index) => `x-${index}: 1`);
    assert.deepEqual(statusCodes(await talk(server, withHeaders(many.slice(1)))), [200]);
    assert.deepEqual(statusCodes(await talk(server, withHeaders(many))), [431]);
    assert.deepEqual(statusCodes(await talk(server, withHeaders([`x: ${"a".repeat(65_536)}`]))), [200]);
    assert.deepEqual(statusCodes(await talk(server, withHeaders([`x: ${"a".repeat(300_000)}`]))), [431]);
  });

  it("takes the first Authorization header (HTTP-24)", async () => {
    const get = (first: string, second: string): Promise<string> =>
      talk(server, `GET /status HTTP/1.1\r\nauthorization: ${first}\r\nAuthorization: ${second}\r\n\r\n`);
    assert.deepEqual(statusCodes(await get("Bearer zzz", `Bearer ${tokenA}`)), [401]);
    assert.deepEqual(statusCodes(await get(`bearer   ${tokenA}`, "Bearer zzz")), [200]);
  });

  const requestIds: readonly [what: string, headers: string, expected: string | RegExp][] = [
    ["gives an id to a request without one", "", uuid],
    ["keeps an empty id", "X-Request-Id:\r\n", ""],
    ["keeps the first of several ids", "x-request-id: one\r\nX-REQUEST-ID: two\r\n", "one"],
    ["keeps any printable text", "x-request-id: a b/c;\td\r\n", "a b/c;\td"],
    ["replaces an id that is not ASCII (T-2)", "x-request-id: caf\xe9\r\n", uuid],
  ];
  for (const [what, headers, expected] of requestIds) {
    it(`${what} (HTTP-14)`, async () => {
      const heard = await talk(server, `GET /metrics HTTP/1.1\r\n${headers}\r\n`);
      const id = /^x-request-id: ?(.*)\r$/m.exec(heard)?.[1];
      if (typeof expected === "string") assert.equal(id, expected);
      else assert.match(String(id), expected);
    });
  }

  it("logs the two ends of every request, and the text of its own errors (HTTP-16, HTTP-17)", async () => {
    server.lines.length = 0;
    await ask(server, "GET", "/nope?a=1", { headers: { "x-request-id": "id-1" } });
    await ask(server, "GET", "/status", { headers: { "x-request-id": "id-2", authorization: "Basic c2VjcmV0" } });
    assert.deepEqual(
      server.lines.map((line) => line.replace(/latency=\d+/, "latency=n")),
      [
        "info GET /nope?a=1 request_id=id-1",
        "info request_id=id-1 code=404 latency=n",
        "info GET /status request_id=id-2",
        "error invalid authorization token",
        "info request_id=id-2 code=400 latency=n",
      ],
    );
  });

  it("survives any bytes, alone or behind a good request", async () => {
    const pieces = fc.constantFrom(
      "GET /metrics HTTP/1.1\r\n\r\n",
      "POST /configure HTTP/1.1\r\n",
      "content-length: 3\r\n",
      "content-length: -1\r\n",
      "transfer-encoding: chunked\r\n",
      "\r\n\r\n",
      "0\r\n\r\n",
      "FFFFFFFFFFFFFFFFF\r\n",
    );
    const noise = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(pieces, noise), { maxLength: 8 }), async (parts) => {
        // A connection that is cut is as good an answer to noise as a 400.
        await talk(server, parts.join("")).catch(() => "");
        assert.equal((await ask(server, "GET", "/metrics")).status, 200);
      }),
      { numRuns: 100 },
    );
  });

  it("serves many requests at once", async () => {
    const paths = ["/status", "/metrics", "/metrics.json", "/nope"];
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, index) => ask(server, "GET", paths[index % 4] ?? "")),
    );
    assert.deepEqual(
      replies.map(({ status }) => status),
      replies.map((_, index) => (index % 4 === 3 ? 404 : 200)),
    );
  });
});

describe("bodies and faults", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ routes: [echo, faulty] });
  });
  after(() => server.close(0));
  const head = "POST /echo HTTP/1.1\r\ncontent-type: application/json\r\n";

  it("reads chunked bodies (HTTP-5)", async () => {
    const heard = await talk(server, `${head}transfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n`);
    assert.match(heard, /"abc"$/);
  });

  it("tells a client that expects it to go on (HTTP-5)", async () => {
    const heard = await talk(server, `${head}expect: 100-continue\r\ncontent-length: 2\r\n\r\nab`);
    assert.deepEqual(statusCodes(heard), [100, 200]);
  });

  it("does not mind other expectations", async () => {
    assert.deepEqual(statusCodes(await talk(server, `${head}expect: wonders\r\ncontent-length: 2\r\n\r\nab`)), [200]);
  });

  it("answers 413 above the route's limit and serves the next request on the connection (HTTP-20)", async () => {
    const next = "GET /nope HTTP/1.1\r\n\r\n";
    const announced = await talk(server, `${head}content-length: 11\r\n\r\n12345678901${next}`);
    const chunked = await talk(server, `${head}transfer-encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n${next}`);
    assert.deepEqual(
      [statusCodes(announced), statusCodes(chunked)],
      [
        [413, 404],
        [413, 404],
      ],
    );
  });

  it("answers 400 to a body that is malformed or ends early, once", async () => {
    assert.deepEqual(statusCodes(await talk(server, `${head}transfer-encoding: chunked\r\n\r\nZZ\r\n`)), [400]);
    assert.deepEqual(statusCodes(await talk(server, `${head}content-length: 9\r\n\r\n123`)), [400]);
  });

  it("turns an exception into a 500 with its causes, and goes on (T-1, T-2)", async () => {
    server.lines.length = 0;
    const reply = await ask(server, "GET", "/faulty", { headers: { "x-request-id": "id-3" } });
    assert.deepEqual([reply.status, reply.body], [500, '{"error":"outer: inner"}']);
    assert.deepEqual(
      server.lines.filter((line) => line.startsWith("error")).map((line) => line.replace(/=\d+ ms/, "=n ms")),
      [
        "error outer: inner",
        "error response failed classification=Status code: 500 Internal Server Error latency=n ms",
      ],
    );
    assert.equal((await ask(server, "GET", "/nope")).status, 404);
  });
});

describe("clients that go away", () => {
  it("do not stop a configuration or a termination, nor other clients (HTTP-43, HTTP-53)", async () => {
    const asked = Promise.withResolvers<void>();
    const outcome = Promise.withResolvers<{ kind: "terminated"; lsn: null }>();
    const control = fakeControl({
      status: () => ({ ...emptyView, status: "running" }),
      terminate: () => {
        asked.resolve();
        return outcome.promise;
      },
    });
    const server = await startTestServer({ control });
    const client = connect(server.port, "127.0.0.1");
    client.write(`POST /terminate HTTP/1.1\r\nauthorization: Bearer ${tokenA}\r\nx-request-id: gone\r\n\r\n`);
    await asked.promise;
    client.resetAndDestroy();
    assert.equal((await ask(server, "GET", "/status")).status, 200);
    outcome.resolve({ kind: "terminated", lsn: null });
    await ask(server, "GET", "/status");
    assert.match(server.lines.join("\n"), /request_id=gone code=200/);
    await server.close(0);
  });
});

describe("close", () => {
  it("lets a busy connection finish its request, then ends it although it is kept alive", async () => {
    const asked = Promise.withResolvers<void>();
    const outcome = Promise.withResolvers<{ kind: "terminated"; lsn: null }>();
    const control = fakeControl({
      terminate: () => {
        asked.resolve();
        return outcome.promise;
      },
    });
    const server = await startTestServer({ control });
    const client = connect(server.port, "127.0.0.1").setEncoding("utf8");
    const chunks: string[] = [];
    client.on("data", (chunk: string) => chunks.push(chunk));
    client.write(`POST /terminate HTTP/1.1\r\nauthorization: Bearer ${tokenA}\r\n\r\n`);
    await asked.promise;
    const closed = server.close(60_000);
    outcome.resolve({ kind: "terminated", lsn: null });
    await closed;
    if (!client.closed) await new Promise((resolve) => client.once("close", resolve));
    assert.deepEqual(statusCodes(chunks.join("")), [200]);
    await assert.rejects(ask(server, "GET", "/metrics"), { code: "ECONNREFUSED" });
  });

  it("cuts a request that outlasts the limit", async () => {
    const asked = Promise.withResolvers<void>();
    const control = fakeControl({
      terminate: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    const server = await startTestServer({ control });
    const pending = assert.rejects(ask(server, "POST", "/terminate"), { code: "ECONNRESET" });
    await asked.promise;
    await server.close(1);
    await pending;
  });
});

describe("the two servers", () => {
  it("share no route (HTTP-11)", async () => {
    const internal = await startTestServer({ name: "internal" });
    for (const path of ["/status", "/metrics", "/configure"]) {
      assert.equal((await ask(internal, "GET", path)).status, 404, path);
    }
    await internal.close(0);
  });

  it("need no token when INSTANCE_ID is set (HTTP-23)", async () => {
    const server = await startTestServer({ jwks: [], instanceId: "" });
    assert.equal((await ask(server, "GET", "/status", { headers: { authorization: "none" } })).status, 200);
    await server.close(0);
  });

  it("refuse another compute's token (HTTP-29)", async () => {
    const server = await startTestServer();
    const headers = { authorization: `Bearer ${signToken('{"compute_id":"compute-birch-9"}')}` };
    const { status, body } = await ask(server, "GET", "/status", { headers });
    assert.deepEqual([status, body], [403, '{"error":"invalid compute ID in authorization token claims"}']);
    await server.close(0);
  });

  it("say where they listen: everywhere on both families, or on the loopback addresses (HTTP-2, HTTP-3, T-5)", async () => {
    for (const [addresses, place] of [
      ["all", /listening at (\[::\]|0\.0\.0\.0):(\d+)$/],
      ["loopback", /listening at 127\.0\.0\.1:(\d+)$/],
    ] as const) {
      const { log, lines } = recordingLog();
      const open = { routes: [], services: fakeServices(), authorize: () => Promise.resolve(undefined) };
      const options = { name: "external", port: 0, addresses, ...open } as const;
      const server = await startServer(options, { log, clock: systemClock, tracer: silentTracer });
      assert.match(lines.join("\n"), /^info compute_ctl external HTTP server listening at /);
      assert.match(lines.join("\n"), place);
      assert.equal((await ask(server, "GET", "/")).status, 404);
      await server.close(0);
    }
  });

  it("open the second loopback address a little later, and do without it where it cannot be had (T-5)", async () => {
    const { log, lines } = recordingLog();
    const said = Promise.withResolvers<void>();
    const telling = {
      ...log,
      info(text: string) {
        log.info(text);
        if (/also listening|goes without/.test(text)) said.resolve();
      },
    };
    const open = { routes: [], services: fakeServices(), authorize: () => Promise.resolve(undefined) };
    const options = { name: "internal", port: 0, addresses: "loopback", ...open } as const;
    const server = await startServer(options, { log: telling, clock: systemClock, tracer: silentTracer });
    await said.promise;
    assert.match(lines.join("\n"), /also listening at \[::1\]:(\d+)$|goes without ::1: /);
    await server.close(0);
  });

  it("leave nothing open when they are closed while the second loopback address is being opened", async (t) => {
    const open = { routes: [], services: fakeServices(), authorize: () => Promise.resolve(undefined) };
    const options = { name: "internal", port: 0, addresses: "loopback", ...open } as const;
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const server = await startServer(options, { log: recordingLog().log, clock: systemClock, tracer: silentTracer });
    t.mock.timers.tick(100);
    t.mock.timers.reset();
    await server.close(0);
    for (const host of ["127.0.0.1", "::1"]) {
      const again = createServer();
      // Undefined where this machine has no such address.
      if ((await bind(again, "a test", host, server.port)) !== undefined) await drain(again, 0);
    }
  });

  it("listen on each of the given addresses, and on no other (FIELD-12)", async () => {
    const { log, lines } = recordingLog();
    const open = { routes: [], services: fakeServices(), authorize: async () => undefined };
    const start = (hosts: readonly string[]) =>
      startServer(
        { name: "internal", port: 0, addresses: { hosts }, ...open },
        { log, clock: systemClock, tracer: silentTracer },
      );
    const server = await start(["127.0.0.2", "127.0.0.3"]);
    assert.match(lines.join("\n"), /listening at 127\.0\.0\.2:(\d+) and 127\.0\.0\.3:\1$/);
    await assert.rejects(ask(server, "GET", "/"), { code: "ECONNREFUSED" });
    await server.close(0);
    await assert.rejects(start(["127.0.0.2", "192.0.2.1"]), /this machine has no address 192\.0\.2\.1$/);
  });

  it("name the port that is taken, and leave nothing open (T-6)", async () => {
    const holder = createServer();
    const port = await bind(holder, "a test", "127.0.0.1", 0);
    assert.ok(port);
    const open = { routes: [], services: fakeServices(), authorize: async () => undefined };
    const start = startServer(
      { name: "internal", port, addresses: "loopback", ...open },
      { log: recordingLog().log, clock: systemClock, tracer: silentTracer },
    );
    await assert.rejects(start, (error) => {
      assert.ok(error instanceof BindError);
      assert.equal(error.code, "EADDRINUSE");
      assert.match(
        error.message,
        new RegExp(`the internal HTTP server: port ${port} of 127.0.0.1 is taken; stop the program that holds it`),
      );
      // Whose it is can be read where there is a /proc (FIELD-4).
      if (process.platform === "linux")
        assert.match(error.message, new RegExp(`, \\S.* \\(pid ${process.pid}\\), or give`));
      return true;
    });
    await drain(holder, 0);
  });
});
