import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseTenantId } from "../base/ids.ts";
import type { Pageserver, PageserverConnectionInfo, PageserverProtocol } from "../spec/types.ts";
import { basebackupAddresses, leaseAddresses, tenantShardId } from "./pageserver-addresses.ts";

function info(
  shardCount: number,
  shards: Readonly<Record<string, readonly Pageserver[]>>,
  preferProtocol: PageserverProtocol = "libpq",
): PageserverConnectionInfo {
  const entries = Object.entries(shards).map(([index, pageservers]) => [index, { pageservers }] as const);
  return { shardCount, stripeSize: null, shards: new Map(entries), preferProtocol };
}

const libpqOnly = (libpqUrl: string): Pageserver => ({ id: null, libpqUrl, grpcUrl: null });
const both = (name: string): Pageserver => ({ id: 7n, libpqUrl: `pg-${name}`, grpcUrl: `grpc-${name}` });

describe("where a base backup comes from (BASE-13)", () => {
  const urls = (of: PageserverConnectionInfo): readonly string[] => basebackupAddresses(of).map(({ url }) => url);

  it("shard 0, whose count is in hex, its first pageserver", () => {
    assert.equal(urls(info(0, { "0000": [libpqOnly("a")] }))[0], "a");
    assert.deepEqual(urls(info(16, { "0110": [libpqOnly("one")], "0010": [libpqOnly("zero")] })), ["zero"]);
  });

  it("the preferred protocol first, then the other, then the shard's further pageservers", () => {
    const shards = { "0000": [both("a"), libpqOnly("pg-b")] };
    assert.deepEqual(urls(info(0, shards)), ["pg-a", "grpc-a", "pg-b"]);
    assert.deepEqual(urls(info(0, shards, "grpc")), ["grpc-a", "pg-a", "pg-b"]);
  });

  it("names each without its address", () => {
    const names = basebackupAddresses(info(1, { "0001": [both("secret"), libpqOnly("secret")] })).map(
      ({ name }) => name,
    );
    assert.deepEqual(names, [
      "pageserver 7 of shard 0001 over libpq",
      "pageserver 7 of shard 0001 over grpc",
      "pageserver 2 of shard 0001 over libpq",
    ]);
  });

  it("is refused when there is none", () => {
    const none = { id: null, libpqUrl: null, grpcUrl: null };
    assert.throws(() => urls(info(4, { "0000": [both("a")] })), /info missing for shard 0004/);
    assert.throws(() => urls(info(0, { "0000": [] })), /must have at least one pageserver/);
    assert.throws(() => urls(info(0, { "0000": [none] })), /no libpq_url for shard 0000/);
    assert.throws(() => urls(info(0, { "0000": [none] }, "grpc")), /no grpc_url for shard 0000/);
  });
});

describe("where leases are taken (LSN-2)", () => {
  it("at every pageserver of every shard", () => {
    const shards = { "0002": [both("a"), libpqOnly("pg-b")], "0102": [libpqOnly("pg-c")] };
    const found = leaseAddresses(info(2, shards, "grpc"));
    assert.deepEqual(
      found.map((ways) => ways.map(({ shard, url }) => `${shard} ${url}`)),
      [["0002 grpc-a", "0002 pg-a"], ["0002 pg-b"], ["0102 pg-c"]],
    );
  });

  it("fails when one cannot be reached", () => {
    assert.throws(() => leaseAddresses(info(2, { "0002": [both("a")] })), /info missing for shard 0102/);
  });
});

describe("tenantShardId (BASE-1)", () => {
  it("is the bare tenant when unsharded, and has a suffix also with one shard", () => {
    const tenantId = parseTenantId("a1b2c3d4e5f60718293a4b5c6d7e8f90") ?? assert.fail();
    assert.equal(tenantShardId(tenantId, "0000"), tenantId);
    assert.equal(tenantShardId(tenantId, "0001"), `${tenantId}-0001`);
    assert.equal(tenantShardId(tenantId, "0b10").length, 37);
  });
});
