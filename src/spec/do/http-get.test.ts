import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { createTestAuthority } from "../../../test/support/certificates.ts";
import { httpGet, readBody } from "./http-get.ts";

const never = new AbortController().signal;

describe("a GET of our own", () => {
  it("gives up a connection that does not come about in time, TLS included", async (t) => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket.on("error", () => {})));
    await once(silent.listen(0, "127.0.0.1"), "listening");
    const { port } = silent.address() as AddressInfo;
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const url = new URL(`https://127.0.0.1:${port}/`);
    const asked = httpGet({ url, authorization: null, proxyEnv: {}, connectMsMax: 10_000, signal: never });
    asked.catch(() => {});
    while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(10_000);
    t.mock.timers.reset();
    await assert.rejects(asked, {
      code: "DEADLINE",
      message: /^connecting to 127\.0\.0\.1:\d+ took longer than 10000 ms$/,
    });
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it("has connected by then, also over TLS and through a proxy, whenever the answer comes", async (t) => {
    const authority = await createTestAuthority();
    t.after(authority.remove);
    const known = getCACertificates("default");
    setDefaultCACertificates([readFileSync(authority.caFile, "utf8")]);
    t.after(() => setDefaultCACertificates(known));
    const answers: (() => void)[] = [];
    const server = createHttpsServer(await authority.issue("IP:127.0.0.1"), (_request, response) => {
      answers.push(() => response.end("late"));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    t.after(() => server.close().closeAllConnections());
    const proxy = createHttpServer().on("connect", ({ url = "" }, client: Socket) => {
      const behind = connect(Number(url.split(":")[1]), "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connected\r\n\r\n");
        client.pipe(behind).pipe(client);
      });
      for (const side of [client, behind]) side.on("error", () => {});
    });
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    t.after(() => proxy.close().closeAllConnections());
    const portOf = (listening: { address(): unknown }): number => (listening.address() as AddressInfo).port;
    const url = new URL(`https://127.0.0.1:${portOf(server)}/`);
    for (const proxyEnv of [{}, { HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}` }]) {
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const asked = httpGet({ url, authorization: null, proxyEnv, connectMsMax: 10_000, signal: never });
      asked.catch(() => {});
      while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
      t.mock.timers.tick(20_000);
      t.mock.timers.reset();
      answers.pop()?.();
      assert.equal(Buffer.from(await readBody(await asked, 10)).toString(), "late");
    }
  });

  it("limits the connecting only, and sends no authorization that it was not given", async (t) => {
    const heard = Promise.withResolvers<string | undefined>();
    const go = Promise.withResolvers<void>();
    const server = createHttpServer((request, response) => {
      heard.resolve(request.headers.authorization);
      void go.promise.then(() => response.end("late"));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const url = new URL(`http://127.0.0.1:${port}/`);
    const asked = httpGet({ url, authorization: null, proxyEnv: {}, connectMsMax: 10_000, signal: never });
    assert.equal(await heard.promise, undefined);
    t.mock.timers.tick(20_000);
    t.mock.timers.reset();
    go.resolve();
    assert.equal(Buffer.from(await readBody(await asked, 10)).toString(), "late");
    server.close();
  });
});
