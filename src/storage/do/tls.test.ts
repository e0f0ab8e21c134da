import assert from "node:assert/strict";
import { after, describe, it, type TestContext } from "node:test";
import { createTestAuthority } from "../../../test/support/certificates.ts";
import { describeError } from "../../base/error-chain.ts";
import { startLibpqServer } from "../../standin/libpq-server.ts";
import type { LibpqService, ServerCertificate } from "../../standin/libpq-session.ts";
import { TlsError } from "../errors.ts";
import type { SslMode } from "../sslmode.ts";
import { startFakeServer, trust } from "./fake-server.ts";
import { openLibpq } from "./libpq-connection.ts";

const authority = await createTestAuthority();
const stranger = await createTestAuthority();
after(() => Promise.all([authority.remove(), stranger.remove()]));
const here = await authority.issue("IP:127.0.0.1");
const elsewhere = await authority.issue("DNS:elsewhere");
const never = new AbortController().signal;

/** A server that says `pong` to a query of a client with a token. */
async function startServer(t: TestContext, tls: ServerCertificate | undefined): Promise<number> {
  const service: LibpqService<{ readonly kind: string }> = {
    name: "pageserver",
    tls,
    verifyToken: async () => ({ scope: "tenant", tenantId: null }),
    nextFault: () => null,
    open: () =>
      async function* () {
        yield { kind: "rowDescription", columns: [{ name: "ping", typeOid: 25, typeSize: -1 }] };
        yield { kind: "dataRow", values: ["pong"] };
        yield { kind: "commandComplete", tag: "SELECT 1" };
      },
  };
  const server = await startLibpqServer(service);
  t.after(() => server.close());
  return server.port;
}

async function ping(
  port: number,
  sslmode: SslMode,
  files: { readonly caFile?: string | null; readonly sslRootCert?: string | null } = {},
): Promise<string | null | undefined> {
  const { caFile = null, sslRootCert = null } = files;
  const target = { hosts: [{ host: "127.0.0.1", port }], sslmode, sslRootCert, password: null, keepAlive: true };
  const login = { params: new Map([["user", "no_user"]]), token: "tok", connectMsMax: 10_000, caFile };
  const connection = await openLibpq(target, login, never);
  try {
    return (await connection.query("ping"))[0]?.get("ping");
  } finally {
    connection.close();
  }
}

const rejects = (promise: Promise<unknown>, message: RegExp): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.match(describeError(error), message);
    return true;
  });

describe("TLS to a storage server (BASE-31, Trap 5)", () => {
  for (const sslmode of ["allow", "prefer", "require"] as const) {
    it(`sslmode=${sslmode} gets through to a server that insists on TLS`, async (t) => {
      assert.equal(await ping(await startServer(t, here), sslmode), "pong");
    });
  }

  for (const sslmode of ["disable", "allow", "prefer"] as const) {
    it(`sslmode=${sslmode} gets through to a server without TLS`, async (t) => {
      assert.equal(await ping(await startServer(t, undefined), sslmode), "pong");
    });
  }

  it("sslmode=disable is told by a server that insists on TLS", async (t) => {
    await rejects(ping(await startServer(t, here), "disable"), /db error: ERROR: must connect with TLS$/);
  });

  for (const sslmode of ["require", "verify-ca", "verify-full"] as const) {
    it(`sslmode=${sslmode} takes no server without TLS`, async (t) => {
      await rejects(ping(await startServer(t, undefined), sslmode), /the server offers no TLS/);
    });
  }

  it("verify-full wants the host's name in a certificate of the authority", async (t) => {
    const { caFile } = authority;
    assert.equal(await ping(await startServer(t, here), "verify-full", { caFile }), "pong");
    await rejects(ping(await startServer(t, elsewhere), "verify-full", { caFile }), /not trusted.*altnames/);
  });

  it("verify-ca wants the authority alone; sslrootcert beats the common file", async (t) => {
    const port = await startServer(t, elsewhere);
    const files = { caFile: stranger.caFile, sslRootCert: authority.caFile };
    assert.equal(await ping(port, "verify-ca", files), "pong");
    for (const caFile of [null, stranger.caFile]) {
      await rejects(
        ping(port, "verify-ca", { caFile }),
        /certificate of 127\.0\.0\.1 is not trusted; name its authority/,
      );
    }
  });

  it("require looks at the certificate only where sslrootcert says by whom to expect it, as libpq does", async (t) => {
    const port = await startServer(t, elsewhere);
    assert.equal(await ping(port, "require", { caFile: stranger.caFile }), "pong");
    await rejects(ping(port, "require", { sslRootCert: stranger.caFile }), /is not trusted/);
  });

  it("names a file of authorities that cannot be read", async (t) => {
    const port = await startServer(t, here);
    await rejects(
      ping(port, "verify-full", { caFile: "/nowhere/ca.pem" }),
      /cannot read .* from \/nowhere\/ca\.pem: ENOENT/,
    );
  });

  it("bytes that come in clear before the handshake are not taken for the server's", async (t) => {
    const server = await startFakeServer(async (peer) => {
      await peer.next();
      peer.socket.write("Sslipped in");
      await peer.until("terminate");
    });
    t.after(() => server.close());
    await rejects(ping(server.port, "require"), /sent data in clear before the TLS handshake/);
  });

  it("sslmode=prefer goes on in clear where the handshake breaks, require does not", async (t) => {
    const server = await startFakeServer(async (peer, index) => {
      if (index % 2 === 0) {
        await peer.next();
        peer.socket.write("S");
        // The beginning of its handshake is no message of ours.
        await peer.next().catch(() => {});
        peer.socket.end("this is no handshake");
        return;
      }
      await trust(peer);
      await peer.until("query");
      peer.send({ kind: "commandComplete", tag: "x" }, { kind: "readyForQuery", status: "I" });
      await peer.until("terminate");
    });
    t.after(() => server.close());
    assert.equal(await ping(server.port, "prefer"), undefined);
    assert.equal(server.connections(), 2);
    await rejects(ping(server.port, "require"), /the TLS handshake with 127\.0\.0\.1 failed/);
    assert.equal(server.connections(), 3);
  });

  for (const [what, bytes] of [
    ["an error", "E"],
    ["nothing", ""],
  ] as const) {
    it(`a server that answers the request for TLS with ${what} is told of`, async (t) => {
      const server = await startFakeServer(async (peer) => {
        await peer.next();
        peer.socket.end(bytes);
      });
      t.after(() => server.close());
      await assert.rejects(ping(server.port, "require"), (error) => !(error instanceof TlsError));
    });
  }
});
