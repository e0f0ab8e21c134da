import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { errorCode } from "../../src/base/error-chain.ts";
import { type ProxyFault, startFaultProxy } from "./fault-proxy.ts";

const silenceMs = 50;

/** Says hello when a client has said something, and ends when the client does; tells what it got. */
async function startServer(t: TestContext) {
  const got: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      got.push(chunk.toString());
      socket.write("hello, client");
    });
    socket.on("end", () => socket.end("bye"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const address = server.address();
  return { port: typeof address === "object" ? (address?.port ?? 0) : 0, got };
}

/**
 * Says something through a proxy; what came back, and how it ended: by an end or an error. Where silence is expected, it is
 * listened to for a while once that much has come back.
 */
async function talk(t: TestContext, fault: ProxyFault | null, until: { readonly back: string } | "over" = "over") {
  const server = await startServer(t);
  const proxy = await startFaultProxy(t, server.port, (connection) => (connection === 0 ? fault : null));
  const socket = connect(proxy.port, "127.0.0.1");
  t.after(() => void socket.destroy());
  const pieces: Buffer[] = [];
  const arrived = Promise.withResolvers<void>();
  const look = (): void => {
    if (until !== "over" && Buffer.concat(pieces).toString() === until.back) arrived.resolve();
  };
  const ended = new Promise<string>((resolve) => {
    socket.on("data", (piece: Buffer) => {
      pieces.push(piece);
      look();
    });
    socket.on("end", () => resolve("end"));
    socket.on("error", (error) => resolve(errorCode(error) ?? "error"));
  });
  socket.end("hello");
  look();
  const silence = arrived.promise.then(
    () => new Promise<string>((resolve) => setTimeout(resolve, silenceMs, "silence")),
  );
  const how = await Promise.race([ended, silence]);
  return { back: Buffer.concat(pieces).toString(), how, got: server.got.join(""), proxy };
}

describe("the fault proxy", () => {
  it("passes everything on without a fault, half-closed connections too", async (t) => {
    const { back, how, got, proxy } = await talk(t, null);
    assert.deepEqual([back, how, got], ["hello, clientbye", "end", "hello"]);
    assert.deepEqual([proxy.connections(), proxy.bytesToClient()], [1, 16]);
  });

  for (const [what, fault, back, how, got] of [
    ["delays", { kind: "delay", ms: 1 }, "hello, clientbye", "end", "hello"],
    ["is late", { kind: "late", ms: 5 }, "hello, clientbye", "end", "hello"],
    ["trickles", { kind: "trickle" }, "hello, clientbye", "end", "hello"],
    ["stalls", { kind: "stall", afterBytes: 5 }, "hello", "silence", "hello"],
    ["swallows everything", { kind: "stall", afterBytes: 0, direction: "to-server" }, "", "silence", ""],
    ["ends", { kind: "end", afterBytes: 5 }, "hello", "end", "hello"],
    ["resets at once", { kind: "reset", afterBytes: 0 }, "", "ECONNRESET", "hello"],
    [
      "ends towards the server",
      { kind: "end", afterBytes: 2, direction: "to-server" },
      "hello, clientbye",
      "end",
      "he",
    ],
    ["flips", { kind: "flip", atByte: 1, mask: 0x20 }, "hEllo, clientbye", "end", "hello"],
    [
      "replaces and is silent",
      { kind: "replace", afterBytes: 5, bytes: Buffer.from("!"), next: "stall" },
      "hello!",
      "silence",
      "hello",
    ],
    [
      "replaces and ends",
      { kind: "replace", afterBytes: 5, bytes: Buffer.from("!"), next: "end" },
      "hello!",
      "end",
      "hello",
    ],
  ] as const) {
    it(what, async (t) => {
      const told = await talk(t, fault, how === "silence" ? { back } : "over");
      assert.deepEqual([told.back, told.how, told.got], [back, how, got]);
    });
  }

  it("lets go of a client when nobody listens behind it", async (t) => {
    const server = await startServer(t);
    const proxy = await startFaultProxy(t, 1);
    const socket = connect(proxy.port, "127.0.0.1");
    socket.on("error", () => {});
    await new Promise((resolve) => socket.on("close", resolve));
    assert.deepEqual(server.got, []);
  });
});
