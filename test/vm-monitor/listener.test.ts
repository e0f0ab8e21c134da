import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { errorCode } from "../../src/base/error-chain.ts";
import { parsePeers } from "../../src/vm-monitor/do/peers.ts";
import { startVmMonitor } from "../../src/vm-monitor/do/vm-monitor.ts";
import { startMonitored } from "./monitored.ts";
import { silentLog } from "./silent-log.ts";

const handshake = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
};

/** The status that a request is answered with; 101 for an upgrade. */
async function statusOf(port: number, path: string, headers: object, method = "GET"): Promise<number | undefined> {
  const asked = request({ host: "127.0.0.1", port, path, method, headers: { ...headers }, agent: false });
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  asked.on("error", reject);
  asked.on("response", (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  asked.on("upgrade", (response, socket) => {
    socket.destroy();
    resolve(response.statusCode);
  });
  asked.end();
  return await promise;
}

describe("the listener (VM-5)", () => {
  it("VM-5: upgrades GET /monitor, and says by its status what is wrong with anything else", async (t) => {
    const { monitor } = await startMonitored(t);
    const { port } = monitor.address;
    assert.equal(await statusOf(port, "/monitor", handshake), 101);
    assert.equal(await statusOf(port, "/monitor", {}), 400);
    assert.equal(await statusOf(port, "/monitor", { ...handshake, "sec-websocket-version": "8" }), 400);
    assert.equal(await statusOf(port, "/monitor", { ...handshake, "sec-websocket-key": "x" }), 400);
    assert.equal(await statusOf(port, "/monitor", { ...handshake, upgrade: "h2c" }), 400);
    for (const headers of [{}, handshake]) {
      assert.equal(await statusOf(port, "/monitor", headers, "POST"), 405);
      assert.equal(await statusOf(port, "/", headers), 404);
      assert.equal(await statusOf(port, "/monitor/x", headers), 404);
    }
  });

  it("VM-5: agrees to no extension and no subprotocol", async (t) => {
    const { monitor } = await startMonitored(t);
    const offers = { ...handshake, "sec-websocket-extensions": "permessage-deflate", "sec-websocket-protocol": "v1" };
    const asked = request({ host: "127.0.0.1", port: monitor.address.port, path: "/monitor", headers: offers });
    asked.end();
    const [{ headers }, socket] = await once(asked, "upgrade");
    socket.destroy();
    assert.equal(headers["sec-websocket-extensions"], undefined);
  });

  it("turns away whoever is not among those that may connect", async (t) => {
    for (const [allowed, status] of [
      ["192.0.2.0/24", 403],
      ["192.0.2.0/24,127.0.0.1", 101],
    ] as const) {
      const monitor = await startVmMonitor(
        { address: { host: "127.0.0.1", port: 0 }, peers: parsePeers(allowed), cgroup: null, openSession: null },
        { log: silentLog, clock: systemClock },
      );
      t.after(() => monitor.close("the test is over"));
      assert.equal(await statusOf(monitor.address.port, "/monitor", handshake), status);
    }
  });

  it("lets go of those that it turned away, however long they hold on: they do not keep an agent out", async (t) => {
    const { monitor, dial } = await startMonitored(t);
    const head = Object.entries(handshake).map(([name, value]) => `${name}: ${value}\r\n`);
    const refused = Array.from({ length: 64 }, () => {
      const socket = connect({ port: monitor.address.port, host: "127.0.0.1", allowHalfOpen: true });
      t.after(() => void socket.destroy());
      socket.write(`GET /elsewhere HTTP/1.1\r\nhost: x\r\n${head.join("")}\r\n`);
      return once(socket.resume(), "end");
    });
    await Promise.all(refused);
    assert.deepEqual((await dial()).greeted, { version: 1 });
  });

  it("lives through what is no HTTP, and through connections that say nothing", async (t) => {
    const { monitor, dial } = await startMonitored(t);
    const silent = connect(monitor.address.port, "127.0.0.1");
    const rude = connect(monitor.address.port, "127.0.0.1");
    rude.end("\u0000\u0001\u0002\r\n\r\n");
    await once(rude.resume(), "close");
    assert.deepEqual((await dial()).greeted, { version: 1 });
    await monitor.close("done");
    if (!silent.closed) await once(silent.resume(), "close");
  });

  it("VM-1: cannot be had where somebody else listens, and says so by its error (trap 11)", async (t) => {
    const { monitor } = await startMonitored(t);
    const again = startVmMonitor(
      { address: monitor.address, cgroup: null, openSession: null },
      { log: silentLog, clock: systemClock },
    );
    await assert.rejects(again, (error) => errorCode(error) === "EADDRINUSE");
  });
});
