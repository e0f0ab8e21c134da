import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, describe, it, type TestContext } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { createTestAuthority } from "../../../test/support/certificates.ts";
import { DeadlineError } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import { CommandFailure } from "../../standin/command-failure.ts";
import type { PageserverFault } from "../../standin/faults.ts";
import type { PageserverOptions, StandinPageserver } from "../../standin/pageserver.ts";
import { archivedTimeline, startTestPageserver, tenant, testBranch, timeline } from "../../standin/test-pageserver.ts";
import { createTokenAuthority } from "../../standin/token.ts";
import type { BasebackupQuery, PageserverAddress, PageserverConnection } from "../page-service.ts";
import { isHopeless } from "../retry.ts";
import { openPageserver, type PageserverLogin } from "./pageserver-connection.ts";

/*
 * What holds of a pageserver and its client whatever the protocol: each test runs over libpq and over gRPC.
 */

const { tenantId, timelineId } = testBranch;
const unknown = "9".repeat(32);
/** Does not compress, so that it spans several chunks. */
const archive = createHash("shake256", { outputLength: 2_000_000 }).digest();
const image = { lsn: 0x1696628n, systemId: 1n, gzip: gzipSync(archive) };
const latest: BasebackupQuery = { lsn: 0n, mode: { kind: "primary" }, compression: "gzip" };
const limits = { firstByteMsMax: 10_000, idleMsMax: 10_000 };
const leaseMsMax = 10_000;
const never = new AbortController().signal;
const tokens = await createTokenAuthority();
const good = await tokens.issue({ scope: "tenant", tenant_id: tenantId });
const tokenOfAnother = await tokens.issue({ scope: "tenant", tenant_id: unknown });
const tokenOfAnotherScope = await tokens.issue({ scope: "admin" });
const authority = await createTestAuthority();
const here = await authority.issue("IP:127.0.0.1");
const elsewhere = await authority.issue("DNS:elsewhere");
after(authority.remove);

const start = (t: TestContext, options: Partial<PageserverOptions> = {}): Promise<StandinPageserver> =>
  startTestPageserver(t, image, options);

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

interface Asking {
  readonly login?: Partial<PageserverLogin>;
  readonly shard?: string;
  readonly timeline?: string;
  readonly tenant?: string;
  readonly url?: string;
  readonly signal?: AbortSignal;
}

for (const protocol of ["libpq", "grpc"] as const) {
  const urlOf = (server: StandinPageserver): string =>
    protocol === "libpq"
      ? `postgresql://no_user@127.0.0.1:${server.port}`
      : `grpc://no_user@127.0.0.1:${server.grpcPort}`;

  /** Connects; the connection is gone when the test is over. */
  async function open(t: TestContext, server: StandinPageserver, asking: Asking = {}): Promise<PageserverConnection> {
    const { shard = "0000", login = {}, signal = never } = asking;
    const address: PageserverAddress = { protocol, url: asking.url ?? urlOf(server), shard, name: "it" };
    const branch = {
      tenantId: tenant(asking.tenant ?? tenantId),
      timelineId: timeline(asking.timeline ?? timelineId),
    };
    const purpose = { kind: "basebackup", mode: latest.mode } as const;
    const whole = { branch, purpose, token: null, osUser: "os", caFile: null, connectMsMax: 10_000, ...login };
    const connection = await openPageserver(address, whole, signal);
    t.after(() => connection.close());
    return connection;
  }

  async function fetch(
    t: TestContext,
    server: StandinPageserver,
    query: Partial<BasebackupQuery> = {},
    asking: Asking = {},
  ): Promise<Buffer> {
    return collect((await open(t, server, asking)).basebackup({ ...latest, ...query }, limits));
  }

  const rejects = (promise: Promise<unknown>, message: RegExp, hopeless?: boolean): Promise<void> =>
    assert.rejects(promise, (error) => {
      assert.match(describeError(error), message);
      if (hopeless !== undefined) assert.equal(isHopeless(error), hopeless, describeError(error));
      return true;
    });

  describe(`a base backup over ${protocol} (BASE-36, BASE-63)`, () => {
    it("arrives whole, gzipped or plain, of the newest or of a position", async (t) => {
      const server = await start(t);
      assert.deepEqual(gunzipSync(await fetch(t, server)), archive);
      assert.deepEqual(await fetch(t, server, { compression: "none" }), archive);
      assert.deepEqual(gunzipSync(await fetch(t, server, { lsn: image.lsn })), archive);
      const replica = { mode: { kind: "static", lsn: image.lsn }, lsn: image.lsn } as const;
      assert.deepEqual(gunzipSync(await fetch(t, server, replica)), archive);
      const of = `basebackup ${tenantId} ${timelineId}`;
      assert.deepEqual(
        server.seenCommands.map(({ text }) => text),
        [`${of} --gzip`, of, `${of} 0/1696628 --gzip`, `${of} 0/1696628 --gzip --replica`],
      );
    });

    const refusals: readonly (readonly [string, Partial<BasebackupQuery>, Asking, RegExp, boolean])[] = [
      ["an unknown tenant", {}, { tenant: unknown }, /(?:Not found|NOT_FOUND): Tenant 9+ not found/, false],
      [
        "an unknown timeline",
        {},
        { timeline: unknown },
        /(?:ERROR: Not found|NOT_FOUND): Timeline a1b2\w+\/9+ was not found/,
        false,
      ],
      [
        "an archived timeline",
        {},
        { timeline: archivedTimeline },
        /(?:Not found|FAILED_PRECONDITION): timeline is archived/,
        true,
      ],
      ["a garbage-collected LSN", { lsn: 1n }, {}, /invalid basebackup lsn/i, true],
      ["an LSN that never arrives", { lsn: 0x2000000n }, {}, /Timed out while waiting for WAL record/, false],
    ];
    for (const [what, query, asking, message, hopeless] of refusals) {
      it(`${what} is told in the server's words (BASE-40, BASE-64)`, async (t) => {
        await rejects(fetch(t, await start(t), query, asking), message, hopeless);
      });
    }

    it("the server's words may be any text", async (t) => {
      const failure = new CommandFailure("other", "50 % of “disk” is gone\nor so");
      const server = await start(t, { faults: { fault: { kind: "error-before-copy", failure } } });
      await rejects(fetch(t, server), /50 % of “disk” is gone\nor so/);
    });

    it("is not found where the pageserver does not hold shard zero", async (t) => {
      const server = await start(t, { shards: { count: 4, numbers: [1, 2] } });
      await rejects(fetch(t, server, {}, { shard: "0004" }), /Tenant a1b2\w+-0004 not found/, false);
    });

    it("comes from shard zero of four", async (t) => {
      const server = await start(t, { shards: { count: 4, numbers: [0] } });
      assert.deepEqual(gunzipSync(await fetch(t, server, {}, { shard: "0004" })), archive);
    });

    const failure = new CommandFailure("other", "the disk is full");
    const broken: readonly (readonly [string, PageserverFault, RegExp])[] = [
      ["an error in the middle", { kind: "error-mid-copy", afterBytes: 1_000_000, failure }, /the disk is full$/],
      ["an error before the first byte", { kind: "error-mid-copy", afterBytes: 0, failure }, /the disk is full$/],
      ["an error behind the archive", { kind: "error-after-copy", failure }, /the disk is full$/],
      ["a hang-up in the middle", { kind: "close-mid-copy", afterBytes: 1_000_000 }, /closed|broke|without a status/],
      [
        "a shutdown",
        { kind: "error-mid-copy", afterBytes: 9, failure: new CommandFailure("shutting-down", "shutting down") },
        /shutting down/i,
      ],
    ];
    for (const [what, fault, message] of broken) {
      it(`${what} is no end, and is worth another try (BASE-43, BASE-53, Trap 18)`, async (t) => {
        const server = await start(t, { faults: { fault } });
        await rejects(fetch(t, server), message, false);
      });
    }

    it("a server that trickles is waited for, one that falls silent is not", async (t) => {
      const trickle = { kind: "trickle", chunkBytes: 500_000, pauseMs: 30 } as const;
      const server = await start(t, { faults: { fault: trickle } });
      const connection = await open(t, server);
      assert.deepEqual(gunzipSync(await collect(connection.basebackup(latest, limits))), archive);
      const impatient = await open(t, server);
      const chunks = impatient.basebackup(latest, { firstByteMsMax: 5_000, idleMsMax: 1 });
      await assert.rejects(collect(chunks), DeadlineError);
    });

    it("a slow taker holds up the server, not our memory", async (t) => {
      const connection = await open(t, await start(t));
      const sizes: number[] = [];
      for await (const chunk of connection.basebackup(latest, limits)) {
        sizes.push(chunk.length);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(
        sizes.reduce((sum, size) => sum + size, 0),
        image.gzip.length,
      );
      assert.ok(Math.max(...sizes) <= 1 << 20, `a chunk of ${Math.max(...sizes)} bytes`);
    });
  });

  describe(`connecting over ${protocol}`, () => {
    it("BASE-20: the token opens the tenant", async (t) => {
      const server = await start(t, { tokens });
      assert.deepEqual(gunzipSync(await fetch(t, server, {}, { login: { token: good } })), archive);
    });

    const wrong: readonly (readonly [string, string | null, RegExp])[] = [
      ["none where one is asked for", null, /no storage_auth_token|UNAUTHENTICATED: no authorization header/],
      ["one that is none", "hunter2", /JWT authentication error/],
      ["one of another tenant", tokenOfAnother, /(?:Unauthorized|PERMISSION_DENIED): the token is for another tenant/],
      ["one of another scope", tokenOfAnotherScope, /has no access to a pageserver/],
    ];
    for (const [what, token, message] of wrong) {
      it(`BASE-21: a token, ${what}, is refused without being shown`, async (t) => {
        const server = await start(t, { tokens });
        const asked = fetch(t, server, {}, { login: { token } });
        await assert.rejects(asked, (error) => {
          assert.match(describeError(error), message);
          assert.ok(token === null || !describeError(error).includes(token));
          return token === null || isHopeless(error);
        });
      });
    }

    for (const [kind, cause] of [
      ["hang-up", /ECONNRESET|closed the connection/],
      ["silent", /took longer than 100 ms/],
    ] as const) {
      it(`a server's ${kind} is told with its address, and worth another try`, async (t) => {
        const server = await start(t, { faults: { fault: { kind } } });
        const port = protocol === "libpq" ? server.port : server.grpcPort;
        const connectMsMax = kind === "silent" ? 100 : 60_000;
        const asked = open(t, server, { login: { connectMsMax } });
        const message = new RegExp(`^could not connect to 127\\.0\\.0\\.1:${port}: .*(?:${cause.source})`);
        await rejects(asked, message, false);
      });
    }

    it("a port where nobody listens is told", async (t) => {
      const server = await start(t);
      await server.close();
      await rejects(open(t, server), /^could not connect to 127\.0\.0\.1:\d+: .*ECONNREFUSED/, false);
    });

    it("ends with the signal's reason, whenever it fires", async (t) => {
      const server = await start(t, { faults: { fault: { kind: "trickle", chunkBytes: 100_000, pauseMs: 5 } } });
      const reason = new Error("SIGTERM");
      const controller = new AbortController();
      const connection = await open(t, server, { signal: controller.signal });
      const chunks = connection.basebackup(latest, limits);
      await chunks.next();
      controller.abort(reason);
      await assert.rejects(collect(chunks), reason);
      await assert.rejects(open(t, server, { signal: controller.signal }), reason);
    });

    describe("by TLS", () => {
      const secureUrl = (server: StandinPageserver): string =>
        protocol === "libpq"
          ? `postgresql://127.0.0.1:${server.port}?sslmode=verify-full`
          : `https://127.0.0.1:${server.grpcPort}`;

      it("goes well with a certificate of the authority for this host", async (t) => {
        const server = await start(t, { tls: here, tokens });
        const asking = { url: secureUrl(server), login: { caFile: authority.caFile, token: good } };
        assert.deepEqual(gunzipSync(await fetch(t, server, {}, asking)), archive);
      });

      it("is refused with a certificate for another host or of an unknown authority", async (t) => {
        const other = await start(t, { tls: elsewhere });
        const asking = { url: secureUrl(other), login: { caFile: authority.caFile } };
        await rejects(open(t, other, asking), /the certificate of 127\.0\.0\.1 is not trusted/, true);
        const server = await start(t, { tls: here });
        await rejects(open(t, server, { url: secureUrl(server) }), /not trusted; name its authority/, true);
      });

      it("is not to be had of a server without", async (t) => {
        const server = await start(t);
        await rejects(
          open(t, server, { url: secureUrl(server) }),
          /offers no TLS|TLS handshake with 127\.0\.0\.1 failed/,
        );
      });
    });
  });

  describe(`a lease over ${protocol} (LSN-3, LSN-4)`, () => {
    const purpose = { kind: "lease" } as const;

    it("is granted for each shard that the pageserver holds, and prolonged", async (t) => {
      const server = await start(t, { shards: { count: 4, numbers: [1, 3] }, tokens });
      const before = Date.now();
      for (const shard of ["0104", "0304", "0304"]) {
        const connection = await open(t, server, { shard, login: { purpose, token: good } });
        const answer = await connection.lease(image.lsn, leaseMsMax);
        assert.ok(answer.kind === "granted");
        assert.ok(answer.expiresMs >= before + 600_000 && answer.expiresMs <= Date.now() + 600_000);
        connection.close();
      }
      const lease = `lease lsn ${tenantId}`;
      assert.deepEqual(
        server.seenCommands.map(({ text }) => text),
        ["0104", "0304", "0304"].map((shard) => `${lease}-${shard} ${timelineId} 0/1696628`),
      );
    });

    it("names the bare tenant when that is not sharded", async (t) => {
      const server = await start(t);
      const connection = await open(t, server, { login: { purpose } });
      assert.equal((await connection.lease(image.lsn, leaseMsMax)).kind, "granted");
      assert.equal(server.seenCommands[0]?.text, `lease lsn ${tenantId} ${timelineId} 0/1696628`);
    });

    it("LSN-9: is prolonged and never shortened", async (t) => {
      const connection = await open(t, await start(t), { login: { purpose } });
      const first = await connection.lease(image.lsn, leaseMsMax);
      const second = await connection.lease(image.lsn, leaseMsMax);
      assert.ok(first.kind === "granted" && second.kind === "granted");
      assert.ok(second.expiresMs >= first.expiresMs);
    });

    it("is refused below the GC cutoff, which is no error", async (t) => {
      const connection = await open(t, await start(t), { login: { purpose } });
      assert.deepEqual(await connection.lease(0x10n, leaseMsMax), { kind: "refused" });
    });

    it("is not had for a shard that is elsewhere", async (t) => {
      const server = await start(t, { shards: { count: 4, numbers: [1] } });
      const connection = await open(t, server, { shard: "0204", login: { purpose } });
      await rejects(connection.lease(image.lsn, leaseMsMax), /not found/i, false);
    });

    it("an error is not taken for a refusal", async (t) => {
      const fault: PageserverFault = { kind: "lease-error", failure: new CommandFailure("other", "no room") };
      const connection = await open(t, await start(t, { faults: { fault } }), { login: { purpose } });
      await rejects(connection.lease(image.lsn, leaseMsMax), /no room/);
    });
  });
}
