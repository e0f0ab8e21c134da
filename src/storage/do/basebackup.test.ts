import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemClock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { Lsn } from "../../base/lsn.ts";
import { backupOf } from "./archive.ts";
import { type BasebackupReport, type BasebackupRequest, beginBasebackup } from "./basebackup.ts";
import {
  beginCopy,
  copyEnd,
  type FakePeer,
  type FakeServer,
  serverError,
  startFakeServer,
  trust,
} from "./fake-server.ts";

const tenantId = parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90");
const timelineId = parseTimelineId("0f1e2d3c4b5a69788796a5b4c3d2e1f0");
assert.ok(tenantId !== undefined && timelineId !== undefined);
const branch = { tenantId, timelineId };

interface Fetched {
  readonly report: Promise<BasebackupReport>;
  readonly server: FakeServer;
  readonly pgdata: string;
  /** What was logged as a warning. */
  readonly warnings: readonly string[];
}

/** Fetches a base backup from a pageserver that talks as `talk` says, into a PGDATA that has only a postgresql.conf. */
async function fetched(
  t: TestContext,
  talk: (peer: FakePeer, attempt: number) => Promise<void>,
  { lsn = 0x1696628n, ...changes }: Partial<BasebackupRequest & { readonly lsn: Lsn }> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Fetched> {
  const server = await startFakeServer(talk);
  t.after(() => server.close());
  const pgdata = mkdtempSync(join(tmpdir(), "basebackup-"));
  t.after(() => rmSync(pgdata, { recursive: true, force: true }));
  writeFileSync(join(pgdata, "postgresql.conf"), "ours");
  const warnings: string[] = [];
  const log: Log = {
    debug() {},
    info() {},
    warn: (message) => void warnings.push(message),
    error() {},
    span: () => log,
  };
  const libpqUrl = `postgresql://no_user@127.0.0.1:${server.port}`;
  const request: BasebackupRequest = {
    ...branch,
    pageservers: {
      shardCount: 0,
      stripeSize: null,
      shards: new Map([["0000", { pageservers: [{ id: null, libpqUrl, grpcUrl: null }] }]]),
      preferProtocol: "libpq",
    },
    mode: { kind: "primary" },
    token: null,
    pgdata,
    owner: null,
    retriesMax: 1,
    osUser: "me",
    caFile: null,
    compression: "gzip",
    ...changes,
  };
  const pending = beginBasebackup(request, { clock: systemClock, signal });
  t.after(() => pending.close());
  return { report: pending.fetch(lsn, log), server, pgdata, warnings };
}

/** A pageserver's talk about a base backup, cut into pieces as one does. */
async function serve(peer: FakePeer, archive: Buffer): Promise<string> {
  const command = await beginCopy(peer);
  for (let at = 0; at < archive.length; at += 8192) {
    peer.send({ kind: "copyData", data: archive.subarray(at, at + 8192) });
  }
  peer.send(...copyEnd);
  await peer.until("terminate");
  return command;
}

/** A pageserver that refuses the command. */
async function refuse(peer: FakePeer, message: string): Promise<void> {
  await trust(peer);
  await peer.until("execute");
  peer.send(serverError(message));
  await peer.until("terminate");
}

describe("fetching a base backup", () => {
  it("unpacks what the pageserver sends and reports what it took (BASE-72)", async (t) => {
    const archive = await backupOf(["PG_VERSION", "17\n"]);
    const asked = Promise.withResolvers<readonly [ReadonlyMap<string, string>, string]>();
    const { report, pgdata } = await fetched(t, async (peer) => {
      const params = await trust(peer);
      asked.resolve([params, await serve(peer, archive)]);
    });
    const { bytes, basebackupMs, connectMicros } = await report;
    assert.equal(bytes, archive.length);
    assert.ok(connectMicros > 0 && basebackupMs >= Math.floor(connectMicros / 1000));
    assert.equal(readFileSync(join(pgdata, "PG_VERSION"), "utf8"), "17\n");
    assert.equal(readFileSync(join(pgdata, "postgresql.conf"), "utf8"), "ours");
    const [params, command] = await asked.promise;
    assert.equal(params.get("options"), "-c neon.compute_mode=primary");
    assert.equal(command, `basebackup ${tenantId} ${timelineId} 0/1696628 --gzip`);
  });

  it("BASE-70, BASE-71: a failed try is logged, taken back and followed by another", async (t) => {
    const archive = await backupOf(["base/1/PG_VERSION", "17\n"]);
    const { report, server, pgdata, warnings } = await fetched(t, async (peer, attempt) => {
      await trust(peer);
      if (attempt > 0) return void (await serve(peer, archive));
      await beginCopy(peer);
      peer.send({ kind: "copyData", data: archive.subarray(0, archive.length - 9) }, serverError("gone"));
      await peer.until("terminate");
    });
    await report;
    assert.equal(server.connections(), 2);
    assert.deepEqual(warnings, [
      "attempt 1/2 to get basebackup@0/1696628 failed, next try in 500 ms: db error: ERROR: gone",
    ]);
    assert.deepEqual(readdirSync(pgdata).toSorted(), ["base", "global", "pg_wal", "postgresql.conf"]);
  });

  it("the last try's error is told behind the LSN; nothing is left but what was there", async (t) => {
    const { report, server, pgdata } = await fetched(
      t,
      (peer) => refuse(peer, `Not found: Timeline ${tenantId}/${timelineId} was not found`),
      { retriesMax: 0 },
    );
    await assert.rejects(report, (error) => {
      assert.match(
        describeError(error),
        /^failed to get basebackup@0\/1696628: db error: ERROR: Not found: Timeline a1b2/,
      );
      return true;
    });
    assert.equal(server.connections(), 1);
    assert.deepEqual(readdirSync(pgdata), ["postgresql.conf"]);
  });

  it("LIFE-15: without an LSN the error says 0/0", async (t) => {
    const { report } = await fetched(t, (peer) => refuse(peer, "x"), { retriesMax: 0, lsn: 0n });
    await assert.rejects(report, /^Error: failed to get basebackup@0\/0$/);
  });

  for (const message of ["JWT authentication error", "Unauthorized: wrong tenant"]) {
    it(`a token that is refused is not tried again: ${message}`, async (t) => {
      const { report, server, warnings } = await fetched(t, (peer) => refuse(peer, message), {
        token: "hunter2",
        retriesMax: 9,
      });
      await assert.rejects(report, (error) => !describeError(error).includes("hunter2"));
      assert.equal(server.connections(), 1);
      assert.match(warnings.join(), /attempt 1\/10 .* giving up/);
      assert.ok(!warnings.join().includes("hunter2"));
    });
  }

  it("a hostile archive is not tried again", async (t) => {
    const archive = await backupOf(["../x", "y"]);
    const { report, server } = await fetched(t, async (peer) => {
      await trust(peer);
      await serve(peer, archive);
    });
    await assert.rejects(report, (error) => /member "..\/x" leads out/.test(describeError(error)));
    assert.equal(server.connections(), 1);
  });

  it("an address that cannot be used is told at once", async (t) => {
    const pageservers = { shardCount: 0, stripeSize: null, shards: new Map(), preferProtocol: "grpc" } as const;
    const { report } = await fetched(t, async () => {}, { pageservers });
    await assert.rejects(report, (error) => /info missing for shard 0000/.test(describeError(error)));
  });

  it("ends at once with the signal's reason, and takes back what it wrote", async (t) => {
    const controller = new AbortController();
    const reason = new Error("SIGTERM");
    const archive = await backupOf(["pg_xact/0000", Buffer.alloc(1 << 20, 1)]);
    const { report, pgdata, warnings } = await fetched(
      t,
      async (peer) => {
        await trust(peer);
        await beginCopy(peer);
        peer.send({ kind: "copyData", data: archive.subarray(0, archive.length >> 1) });
        controller.abort(reason);
        await peer.until("terminate");
      },
      {},
      controller.signal,
    );
    await assert.rejects(report, reason);
    assert.deepEqual(warnings, []);
    assert.deepEqual(readdirSync(pgdata), ["postgresql.conf"]);
  });
});
