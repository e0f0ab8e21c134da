import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connectDirectly } from "./byte-source.ts";

const mebibyte = 1024 * 1024;

async function connected(t: TestContext) {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const accepted = once(server, "connection");
  const { socket, source } = connectDirectly({ host: "127.0.0.1", port: address.port });
  socket.on("error", () => {});
  const [peer]: Socket[] = await accepted;
  assert.ok(peer !== undefined);
  peer.on("error", () => {});
  t.after(() => {
    peer.destroy();
    socket.destroy();
    server.close();
  });
  return { socket, source, peer };
}

describe("the bytes of a socket, read past Node's streams", () => {
  it("are all there, in their order, in pieces of any size, up to the end", async (t) => {
    const { source, peer } = await connected(t);
    const sent = Buffer.from(Array.from({ length: 3 * mebibyte }, (_, at) => (at * 31) % 253));
    let at = 0;
    const sending = (async () => {
      for (const size of [1, 10, 5_000, 70_000, 300_000, sent.length]) {
        peer.write(sent.subarray(at, at + size));
        at += size;
        await delay(2);
      }
      peer.end();
    })();
    const got: Buffer[] = [];
    for (let chunks = await source.next(); chunks !== undefined; chunks = await source.next()) got.push(...chunks);
    await sending;
    assert.ok(Buffer.concat(got).equals(sent));
    assert.equal(await source.next(), undefined);
  });

  it("wait within bounds while nobody takes them, and go on afterwards", async (t) => {
    const { source, peer, socket } = await connected(t);
    const sent = Buffer.alloc(64 * mebibyte, "x");
    let hasGone = false;
    peer.end(sent, () => {
      hasGone = true;
    });
    await delay(200);
    assert.equal(hasGone, false);
    assert.ok(socket.bytesRead < 3 * mebibyte, `${socket.bytesRead} bytes were read`);
    let bytes = 0;
    for (let chunks = await source.next(); chunks !== undefined; chunks = await source.next()) {
      for (const chunk of chunks) bytes += chunk.length;
    }
    assert.equal(bytes, sent.length);
  });

  it("come before the error by which the connection ended", async (t) => {
    const { source, peer, socket } = await connected(t);
    peer.write("last words");
    while (socket.bytesRead === 0) await delay(1);
    socket.destroy(new Error("given up"));
    assert.deepEqual(Buffer.concat((await source.next()) ?? []).toString(), "last words");
    await assert.rejects(source.next(), /given up/);
  });

  it("end when the socket is closed by us, for whoever waits", async (t) => {
    const { source, socket } = await connected(t);
    const next = source.next();
    socket.destroy();
    assert.equal(await next, undefined);
  });
});
