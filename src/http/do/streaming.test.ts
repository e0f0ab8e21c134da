import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { after, before, beforeEach, describe, it } from "node:test";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";
import type { TestServer } from "../test-support.ts";
import { ask, startTestServer, statusCodes, talk } from "../test-support.ts";

/** What the next request to `/stream` gets. */
let stream = Readable.from([]);

const streaming: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/stream",
  auth: "open",
  input: noInput,
  responses: [200],
  handle: () => ({ status: 200, content: { type: "application/sql", stream } }),
};

describe("an answer that is a stream", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ routes: [streaming] });
  });
  after(() => server.close(0));
  beforeEach(() => {
    stream = Readable.from(["one,two"]);
  });

  it("goes out in chunks, and the connection serves the next request", async () => {
    const heard = await talk(server, "GET /stream HTTP/1.1\r\n\r\nGET /nope HTTP/1.1\r\n\r\n");
    assert.deepEqual(statusCodes(heard), [200, 404]);
    assert.match(heard, /content-type: application\/sql/);
    assert.match(heard, /\r\n\r\n7\r\none,two\r\n0\r\n\r\nHTTP/);
    assert.doesNotMatch(heard.split(" 404 ")[0] ?? "", /content-length/);
  });

  it("ends with the connection for clients of HTTP/1.0 (HTTP-5)", async () => {
    const heard = await talk(server, "GET /stream HTTP/1.0\r\n\r\n");
    assert.match(heard, /\r\n\r\none,two$/);
  });

  it("is not read for HEAD, which gets no length either (HTTP-13)", async () => {
    const reply = await ask(server, "HEAD", "/stream");
    assert.deepEqual([reply.status, reply.body, reply.headers["content-length"]], [200, "", undefined]);
    assert.equal(stream.destroyed, true);
  });

  it("cuts the connection when it fails in the middle, so that a part does not pass for the whole (T-17)", async () => {
    stream = Readable.from(
      (async function* () {
        yield "one";
        throw new Error("pg_dump died");
      })(),
    );
    await assert.rejects(ask(server, "GET", "/stream"), { code: "ECONNRESET" });
    assert.equal((await ask(server, "GET", "/nope")).status, 404);
    assert.match(server.lines.join("\n"), /^error could not send an HTTP response: pg_dump died$/m);
  });

  it("is destroyed when its client goes away", async () => {
    stream = new Readable({ read() {} });
    stream.push("first");
    const client = connect(server.port, "127.0.0.1");
    client.write("GET /stream HTTP/1.1\r\n\r\n");
    await once(client, "data");
    const closed = once(stream, "close");
    client.resetAndDestroy();
    await assert.rejects(closed, { code: "ERR_STREAM_PREMATURE_CLOSE" });
    assert.equal((await ask(server, "GET", "/nope")).status, 404);
  });

  it("waits for a client that does not read", async () => {
    const chunk = Buffer.alloc(64 * 1024);
    let made = 0;
    stream = new Readable({
      read() {
        made += 1;
        this.push(made > 1000 ? null : chunk);
      },
    });
    const request = httpRequest({ host: "127.0.0.1", port: server.port, path: "/stream", agent: false }).end();
    const [response] = await once(request, "response");
    response.pause();
    // Rounds in which the server would make all of them, if it did not wait.
    for (let round = 0; round < 50; round++) await ask(server, "GET", "/nope");
    assert.ok(made < 1000, `${made} of 1000 chunks were made for nobody`);
    let bytes = 0;
    response.on("data", (part: Buffer) => {
      bytes += part.length;
    });
    await once(response.resume(), "end");
    assert.equal(bytes, 1000 * chunk.length);
  });
});
