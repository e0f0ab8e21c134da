import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { describeError } from "../../base/error-chain.ts";
import { shardIndex } from "../../spec/pageserver-info.ts";
import type { PageserverConnectionInfo, PageserverProtocol } from "../../spec/types.ts";
import { CommandFailure } from "../../standin/command-failure.ts";
import type { StandinPageserver } from "../../standin/pageserver.ts";
import { startTestPageserver, testBranch } from "../../standin/test-pageserver.ts";
import { type LeaseRequest, type LeaseRound, leaseAllShards } from "./lease-round.ts";

const image = { lsn: 0x1696628n, systemId: 1n, gzip: Buffer.alloc(0) };
const never = new AbortController().signal;
const failure = new CommandFailure("other", "no room for leases");

/** A pageserver for each shard; shard number n gives leases of n + 1 minutes, in falling order. */
async function startShards(t: TestContext, count: number): Promise<readonly StandinPageserver[]> {
  const numbers = Array.from({ length: Math.max(count, 1) }, (_, number) => number);
  return Promise.all(
    numbers.map((number) =>
      startTestPageserver(t, image, {
        shards: { count, numbers: [number] },
        leaseMs: (numbers.length - number) * 60_000,
      }),
    ),
  );
}

function round(
  servers: readonly StandinPageserver[],
  shardCount: number,
  preferProtocol: PageserverProtocol,
  changes: Partial<LeaseRequest> = {},
  signal: AbortSignal = never,
): Promise<LeaseRound> {
  const shards: PageserverConnectionInfo["shards"] = new Map(
    servers.map(({ port, grpcPort }, number) => {
      const urls = { libpqUrl: `postgresql://127.0.0.1:${port}`, grpcUrl: `grpc://127.0.0.1:${grpcPort}` };
      return [shardIndex(number, shardCount), { pageservers: [{ id: BigInt(number), ...urls }] }];
    }),
  );
  const pageservers = { shardCount, stripeSize: 8, shards, preferProtocol };
  const request = { ...testBranch, pageservers, lsn: image.lsn, token: null, osUser: "me", caFile: null, ...changes };
  return leaseAllShards(request, signal);
}

for (const protocol of ["libpq", "grpc"] as const) {
  describe(`a round of leases over ${protocol} (LSN-2)`, () => {
    for (const count of [0, 1, 4]) {
      it(`asks every shard of ${count}, and takes the earliest end`, async (t) => {
        const servers = await startShards(t, count);
        const outcome = await round(servers, count, protocol);
        const ends = servers.map(({ leases: [lease] }) => lease?.expiresMs ?? assert.fail());
        assert.deepEqual(outcome, { kind: "granted", expiresMs: ends.at(-1) });
        assert.equal(Math.min(...ends), ends.at(-1));
        assert.deepEqual(
          servers.map(({ seenCommands }) => seenCommands.map((seen) => seen.protocol)),
          servers.map(() => [protocol]),
        );
      });
    }

    it("is refused as a whole when one shard refuses, and says which", async (t) => {
      const servers = await startShards(t, 4);
      servers[2]?.setFaults({ fault: { kind: "lease-refused" } });
      const by = `pageserver 2 of shard 0204 over ${protocol}`;
      assert.deepEqual(await round(servers, 4, protocol), { kind: "refused", by });
    });

    it("fails when one shard fails, whatever another refuses; all others have been asked", async (t) => {
      const servers = await startShards(t, 4);
      servers[1]?.setFaults({ fault: { kind: "lease-error", failure } });
      servers[2]?.setFaults({ fault: { kind: "lease-refused" } });
      await assert.rejects(round(servers, 4, protocol), (error) => {
        assert.match(
          describeError(error),
          /^no lease from pageserver 1 of shard 0104 over \w+, of 4: .*no room for leases$/,
        );
        return true;
      });
      assert.deepEqual(
        servers.map(({ leases }) => leases.length),
        [1, 0, 0, 1],
      );
    });

    it("asks by the other protocol where this one does not get through", async (t) => {
      const servers = await startShards(t, 4);
      servers[3]?.setFaults({ fault: { kind: "hang-up" } }, protocol);
      assert.equal((await round(servers, 4, protocol)).kind, "granted");
      assert.deepEqual(
        servers[3]?.seenCommands.map((seen) => seen.protocol),
        [protocol === "libpq" ? "grpc" : "libpq"],
      );
    });

    it("fails on a pageserver that holds another shard", async (t) => {
      const [first, second, third, fourth] = await startShards(t, 4);
      assert.ok(first && second && third && fourth);
      await assert.rejects(round([first, third, second, fourth], 4, protocol), (error) =>
        /^no lease from pageserver 1 of shard 0104 over \w+ and 1 more, of 4: .*not found/i.test(describeError(error)),
      );
    });

    it("ends with the signal's reason", async (t) => {
      const servers = await startShards(t, 4);
      for (const server of servers) server.setFaults({ fault: { kind: "silent" } });
      const controller = new AbortController();
      const reason = new Error("SIGTERM");
      const asked = round(servers, 4, protocol, {}, controller.signal);
      setImmediate(() => controller.abort(reason));
      await assert.rejects(asked, reason);
    });
  });
}

describe("a round of leases", () => {
  it("fails on a shard without any address", async () => {
    const pageservers = { shardCount: 4, stripeSize: 8, shards: new Map(), preferProtocol: "grpc" } as const;
    await assert.rejects(round([], 4, "grpc", { pageservers }), /info missing for shard 0004/);
  });
});
