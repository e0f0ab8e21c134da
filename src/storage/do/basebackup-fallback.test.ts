import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { systemClock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { Pageserver, PageserverProtocol } from "../../spec/types.ts";
import { CommandFailure } from "../../standin/command-failure.ts";
import type { PageserverFault } from "../../standin/faults.ts";
import type { StandinPageserver } from "../../standin/pageserver.ts";
import { startTestPageserver, testBranch } from "../../standin/test-pageserver.ts";
import type { Compression } from "../page-service.ts";
import { backupOf, controlFile, type Member, tarOf, walSegment } from "./archive.ts";
import { beginBasebackup, type PendingBasebackup } from "./basebackup.ts";

const image = { lsn: 0x1696628n, systemId: 1n, gzip: await backupOf(["PG_VERSION", "17\n"]) };
const start = (t: TestContext, fault: PageserverFault | null = null): Promise<StandinPageserver> =>
  startTestPageserver(t, image, { faults: fault === null ? null : { fault } });

interface Begun {
  readonly pending: PendingBasebackup;
  fetch(): Promise<unknown>;
  readonly pgdata: string;
  readonly warnings: readonly string[];
}

function begin(
  t: TestContext,
  pageservers: readonly Pageserver[],
  preferProtocol: PageserverProtocol,
  { retriesMax = 0, compression = "gzip" }: { readonly retriesMax?: number; readonly compression?: Compression } = {},
): Begun {
  const pgdata = mkdtempSync(join(tmpdir(), "basebackup-"));
  t.after(() => rmSync(pgdata, { recursive: true, force: true }));
  writeFileSync(join(pgdata, "postgresql.conf"), "ours");
  const warnings: string[] = [];
  const silent = (): void => {};
  const warn = (line: string): void => void warnings.push(line);
  const log: Log = { debug: silent, info: silent, warn, error: silent, span: () => log };
  const request = {
    ...testBranch,
    pageservers: { shardCount: 0, stripeSize: null, shards: new Map([["0000", { pageservers }]]), preferProtocol },
    mode: { kind: "primary" },
    token: null,
    pgdata,
    owner: null,
    retriesMax,
    osUser: "me",
    caFile: null,
    compression,
  } as const;
  const pending = beginBasebackup(request, { clock: systemClock, signal: new AbortController().signal });
  t.after(() => pending.close());
  return { pending, fetch: () => pending.fetch(image.lsn, log), pgdata, warnings };
}

function both({ port, grpcPort }: { readonly port: number; readonly grpcPort: number }): Pageserver {
  return { id: 1n, libpqUrl: `postgresql://127.0.0.1:${port}`, grpcUrl: `grpc://127.0.0.1:${grpcPort}` };
}

const refusing = { port: 1, grpcPort: 1 };
const seen = (server: StandinPageserver): readonly string[] => server.seenCommands.map(({ protocol }) => protocol);

describe("when a pageserver cannot be had (BASE-13)", () => {
  for (const [preferred, other] of [
    ["grpc", "libpq"],
    ["libpq", "grpc"],
  ] as const) {
    it(`over ${preferred}, ${other} is tried at once, and that is told`, async (t) => {
      const server = await start(t);
      server.setFaults({ fault: { kind: "hang-up" } }, preferred);
      const { fetch, warnings } = begin(t, [both(server)], preferred);
      await fetch();
      assert.deepEqual(seen(server), [other]);
      assert.equal(warnings.length, 1);
      const names = `pageserver 1 of shard 0000 over ${preferred} failed, asking pageserver 1 of shard 0000 over ${other}`;
      assert.ok(warnings.join().startsWith(`${names}: could not connect to 127.0.0.1:`), warnings.join());
    });

    it(`over ${preferred} it is what is asked, and nothing else`, async (t) => {
      const server = await start(t);
      const { fetch, warnings } = begin(t, [both(server), both(server)], preferred);
      await fetch();
      assert.deepEqual([seen(server), warnings], [[preferred], []]);
    });
  }

  it("over either, the shard's next one is tried", async (t) => {
    const server = await start(t);
    const { fetch, warnings } = begin(t, [both(refusing), both(server)], "grpc");
    await fetch();
    assert.deepEqual(seen(server), ["grpc"]);
    assert.equal(warnings.length, 2);
  });

  it("without an address for the preferred protocol the other serves", async (t) => {
    const server = await start(t);
    await begin(t, [{ ...both(server), grpcUrl: null }], "grpc").fetch();
    assert.deepEqual(seen(server), ["libpq"]);
  });

  it("by its own fault alone, such as an address that is none, others are asked; a bad one alone is told at once", async (t) => {
    const server = await start(t);
    const broken = { ...both(server), grpcUrl: "ps-1" };
    await begin(t, [broken], "grpc").fetch();
    assert.deepEqual(seen(server), ["libpq"]);
    const { fetch } = begin(t, [{ ...broken, libpqUrl: null }], "grpc", { retriesMax: 9 });
    await assert.rejects(fetch(), (error) =>
      /basebackup@0\/1696628: grpc_url is not of the form/.test(describeError(error)),
    );
  });

  it("all of them are asked again in the next round", async (t) => {
    const server = await start(t);
    server.setFaults({ fault: { kind: "close-mid-copy", afterBytes: 20 }, times: 1 }, "grpc");
    server.setFaults({ fault: { kind: "hang-up" }, times: 1 }, "libpq");
    const { fetch, warnings } = begin(t, [both(server)], "grpc", { retriesMax: 1 });
    await fetch();
    assert.deepEqual(seen(server), ["grpc", "grpc"]);
    assert.match(warnings[1] ?? "", /^attempt 1\/2 to get basebackup@0\/1696628 failed, next try in 500 ms/);
  });

  it("because it refuses us, nobody else is asked: an archived timeline, a refused token", async (t) => {
    const failure = new CommandFailure("not-found", "timeline is archived");
    for (const fault of [{ kind: "error-before-copy", failure }, { kind: "bad-auth" }] as const) {
      const server = await start(t, fault);
      const { fetch } = begin(t, [both(server), both(server)], "libpq", { retriesMax: 9 });
      await assert.rejects(fetch());
      assert.ok(seen(server).length <= 1);
    }
  });
});

describe("connecting ahead (Better 3)", () => {
  for (const protocol of ["libpq", "grpc"] as const) {
    const onlyBy = (server: StandinPageserver): Pageserver => ({
      ...both(server),
      ...(protocol === "libpq" ? { grpcUrl: null } : { libpqUrl: null }),
    });

    it(`over ${protocol} the connection stands before the LSN is known, and is used`, async (t) => {
      const server = await start(t);
      const { pending, fetch } = begin(t, [onlyBy(server)], protocol);
      await pending.connected;
      assert.deepEqual([seen(server), server.connections()], [[], 1]);
      await fetch();
      assert.deepEqual([seen(server), server.connections()], [[protocol], 1]);
    });

    it(`over ${protocol} a connection that failed before it was wanted is no try`, async (t) => {
      const server = await start(t, { kind: "hang-up" });
      const { pending, fetch, warnings } = begin(t, [onlyBy(server)], protocol);
      await pending.connected;
      server.setFaults(null);
      await fetch();
      assert.deepEqual([warnings, server.connections()], [[], 2]);
    });
  }

  it("a connection that nobody wants is let go", async (t) => {
    const { pending } = begin(t, [both(await start(t))], "libpq");
    pending.close();
    pending.close();
  });
});

describe("an archive cut at every member (Trap 18)", () => {
  const members: readonly Member[] = [
    ["global", { type: "directory", mode: 0o755 }],
    ["pg_hba.conf", "local all all trust\n"],
    ["PG_VERSION", "17\n"],
    ["base", { type: "directory", mode: 0o755 }],
    ["base/1", { type: "directory", mode: 0o755 }],
    ["base/1/PG_VERSION", "17\n"],
    ["base/1/1255", Buffer.alloc(8192 * 3, 7)],
    ["zenith.signal", "PREV LSN: none"],
    controlFile,
    walSegment,
  ];

  /** The archive up to before each member, in the middle of it, and up to before the end mark; each as a gzip stream that ends well. */
  async function cuts(): Promise<readonly (readonly [string, Buffer])[]> {
    const whole = await tarOf(...members);
    const lengths = await Promise.all(members.map((_, count) => tarOf(...members.slice(0, count))));
    const endMark = 1024;
    const heads = lengths.map(({ length }) => length - endMark);
    return [
      ...heads.map((at, index) => [`before ${members[index]?.[0]}`, whole.subarray(0, at)] as const),
      ...heads.map((at, index) => [`in the header of ${members[index]?.[0]}`, whole.subarray(0, at + 300)] as const),
      ...heads.map((at, index) => [`after the header of ${members[index]?.[0]}`, whole.subarray(0, at + 512)] as const),
      ...heads.map(
        (at, index) =>
          [
            `at ${members[index]?.[0]}, with an end mark`,
            Buffer.concat([whole.subarray(0, at), Buffer.alloc(endMark)]),
          ] as const,
      ),
      ["before its end mark", whole.subarray(0, whole.length - endMark)],
      ["in its end mark", whole.subarray(0, whole.length - 512)],
    ];
  }

  for (const protocol of ["libpq", "grpc"] as const) {
    for (const compression of ["gzip", "none"] as const) {
      it(`over ${protocol}, ${compression}: is refused each time, and nothing of it stays`, async (t) => {
        const server = await start(t);
        for (const [where, tar] of await cuts()) {
          const bytes = compression === "gzip" ? gzipSync(tar) : tar;
          server.setFaults({ fault: { kind: "other-archive", bytes } });
          const url = protocol === "libpq" ? { grpcUrl: null } : { libpqUrl: null };
          const { fetch, pgdata } = begin(t, [{ ...both(server), ...url }], protocol, { compression });
          await assert.rejects(
            fetch(),
            (error) => /base backup is (?:damaged|refused)/.test(describeError(error)),
            `cut ${where} was taken`,
          );
          assert.deepEqual(readdirSync(pgdata), ["postgresql.conf"], where);
        }
      });
    }

    it(`over ${protocol}: a gzip stream without its trailer is refused`, async (t) => {
      const server = await start(t);
      for (const missing of [1, 4, 8, 9, 100]) {
        server.setFaults({ fault: { kind: "truncated", afterBytes: image.gzip.length - missing } });
        const { fetch } = begin(t, [both(server)], protocol);
        await assert.rejects(
          fetch(),
          (error) => /not a whole gzip stream/.test(describeError(error)),
          `${missing} bytes`,
        );
      }
    });

    it(`over ${protocol}: the whole of it is taken, also plain`, async (t) => {
      const server = await start(t);
      for (const compression of ["gzip", "none"] as const) {
        const { fetch, pgdata } = begin(t, [both(server)], protocol, { compression });
        await fetch();
        assert.ok(readdirSync(pgdata).includes("PG_VERSION"));
      }
    });
  }
});
