import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import type { TestServer } from "../test-support.ts";
import { ask, startTestServer, statusCodes, talk, tokenA } from "../test-support.ts";

const minimal = readFileSync(new URL("../../../test/fixtures/minimal.config.json", import.meta.url), "utf8");
const authorization = `authorization: Bearer ${tokenA}\r\n`;

describe("hostile and broken clients", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ patience: { headMsMax: 300, bodyMsMax: 300 } });
  });
  after(() => server.close(0));

  /** Opens a connection on which `text` has been sent. */
  async function open(text: string, { port } = server): Promise<Socket> {
    const client = connect(port, "127.0.0.1");
    client.on("error", () => {});
    await once(client, "connect");
    client.write(text);
    return client;
  }

  async function othersAreServed(): Promise<void> {
    const replies = await Promise.all(["/status", "/metrics", "/metrics.json"].map((path) => ask(server, "GET", path)));
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 200, 200],
    );
  }

  it("get 431 for 10,000 headers (HTTP-5)", async () => {
    const headers = Array.from({ length: 10_000 }, (_, index) => `x-${index}: 1\r\n`).join("");
    assert.deepEqual(statusCodes(await talk(server, `GET /metrics HTTP/1.1\r\n${headers}\r\n`)), [431]);
    await othersAreServed();
  });

  it("get their 3 MiB read where a spec may be that long, and only then (T-21)", async () => {
    const headers = { "content-type": "application/json" };
    const body = minimal.padEnd(3 * 1024 * 1024);
    const replies = await Promise.all(
      [headers, { ...headers, authorization: "Bearer zzz" }].map((each) =>
        ask(server, "POST", "/configure", { headers: each, body }).then(({ status }) => status),
      ),
    );
    assert.deepEqual(replies, [200, 401]);
    await othersAreServed();
  });

  it("get 408 when they are slow with their heads or bodies, while others are served (slow-loris)", async () => {
    const heads = Array.from({ length: 50 }, () => talk(server, "GET /status HTTP/1.1\r\nx: ", { shutDown: false }));
    const body = `POST /configure HTTP/1.1\r\n${authorization}content-type: application/json\r\ncontent-length: 9\r\n\r\n{`;
    const bodies = Array.from({ length: 50 }, () => open(body));
    await othersAreServed();
    for (const heard of await Promise.all(heads)) assert.deepEqual(statusCodes(heard), [408]);
    for (const client of await Promise.all(bodies)) {
      const [chunk] = await once(client, "data");
      assert.deepEqual(statusCodes(String(chunk)), [408]);
      client.destroy();
    }
  });

  it("keep a connection that is half closed until they have their answers", async () => {
    const request = `GET /status HTTP/1.1\r\n${authorization}\r\n`;
    assert.deepEqual(statusCodes(await talk(server, request.repeat(20))), Array(20).fill(200));
  });

  it("get one 400 for garbage behind good requests, which are answered first (vector 33)", async () => {
    const request = `GET /status HTTP/1.1\r\n${authorization}\r\n`;
    for (const garbage of [
      "\0\0\0",
      "GET\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
    ]) {
      const heard = await talk(server, `${request.repeat(3)}${garbage}`, { shutDown: false });
      assert.deepEqual(statusCodes(heard), [200, 200, 200, 400], JSON.stringify(garbage));
    }
    await othersAreServed();
  });

  it("may be 1,000 at once, and all are answered", async () => {
    const patient = await startTestServer();
    const clients = await Promise.all(Array.from({ length: 1000 }, () => open("", patient)));
    assert.equal((await ask(patient, "GET", "/status")).status, 200);
    const heard = clients.map((client) => once(client, "data"));
    for (const client of clients) client.write(`GET /status HTTP/1.1\r\n${authorization}\r\n`);
    const codes = (await Promise.all(heard)).map(([chunk]) => statusCodes(String(chunk))[0]);
    assert.deepEqual([...new Set(codes)], [200]);
    for (const client of clients) client.resetAndDestroy();
    await patient.close(0);
  });

  it("may keep a connection and come back after longer than a head may take (T-23, vector 33)", async () => {
    const request = `GET /status HTTP/1.1\r\n${authorization}\r\n`;
    const client = await open(request);
    await once(client, "data");
    await new Promise((resolve) => setTimeout(resolve, 700));
    client.write(request);
    const [chunk] = await once(client, "data");
    assert.deepEqual(statusCodes(String(chunk)), [200]);
    client.destroy();
  });
});
