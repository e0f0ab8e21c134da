import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { after, describe, it } from "node:test";
import type { BodyRead } from "../read-input.ts";
import { bind } from "./bind.ts";
import { drain } from "./drain.ts";
import { readBody } from "./read-body.ts";

const server = createServer();
const port = await bind(server, "a test", "127.0.0.1", 0);
after(() => drain(server, 0));

/** What comes of a body that is sent by `send`, for a reader with room for 10 bytes. */
async function read(
  send: (request: ReturnType<typeof httpRequest>) => void,
  { msMax = 60_000, signal = new AbortController().signal } = {},
): Promise<BodyRead> {
  const arrived = once(server, "request");
  const client = httpRequest({ host: "127.0.0.1", port, method: "POST", agent: false });
  client.on("error", () => {});
  send(client);
  const [request, response] = await arrived;
  const body = await readBody(request, { bytesMax: 10, msMax }, signal);
  response.end();
  client.destroy();
  return body;
}

describe("readBody", () => {
  it("reads a body of exactly the limit, in pieces", async () => {
    const body = await read((client) => {
      client.write("12345");
      client.end("67890");
    });
    assert.equal(body.kind === "whole" && Buffer.from(body.bytes).toString(), "1234567890");
  });

  it("refuses a longer one, by its announcement or by what comes (HTTP-20)", async () => {
    const announced = await read((client) => client.setHeader("content-length", 11).flushHeaders());
    const chunked = await read((client) => void client.write("12345678901"));
    assert.deepEqual([announced.kind, chunked.kind], ["too-large", "too-large"]);
  });

  it("gives up on a body that does not come to its end in time", async () => {
    assert.equal((await read((client) => void client.write("1"), { msMax: 5 })).kind, "too-slow");
  });

  it("reports a client that goes away in the middle, or a body that is malformed", async () => {
    const gone = await read((client) => void client.write("1", () => client.destroy()));
    const malformed = await read((client) => void client.write("1"), { signal: AbortSignal.abort() });
    assert.deepEqual([gone.kind, malformed.kind], ["broken", "broken"]);
  });
});
