import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  pageserversFromConnstring,
  pageserversToConnstring,
  sameStorage,
  shardIndex,
  shardIndexes,
} from "./pageserver-info.ts";
import type { PageserverConnectionInfo } from "./types.ts";

function from(connstring: string, stripeSize: number | null): PageserverConnectionInfo {
  const read = pageserversFromConnstring(connstring, stripeSize);
  assert.ok(read.ok, read.ok ? "" : read.message);
  return read.value;
}

const urls = (info: PageserverConnectionInfo): readonly (readonly [string, string | null | undefined])[] =>
  [...info.shards].map(([index, { pageservers }]) => [index, pageservers[0]?.libpqUrl]);

describe("shard indexes", () => {
  it("are number and count in hex", () => {
    assert.equal(shardIndex(10, 255), "0aff");
    assert.deepEqual(shardIndexes(0), ["0000"]);
    assert.deepEqual(shardIndexes(1), ["0001"]);
    assert.deepEqual(shardIndexes(3), ["0003", "0103", "0203"]);
  });
});

describe("pageserversFromConnstring (SPEC-43, BASE-12)", () => {
  it("takes one piece for an unsharded tenant and drops the stripe size", () => {
    const info = from("a", 8);
    assert.deepEqual([info.shardCount, info.stripeSize, info.preferProtocol], [0, null, "libpq"]);
    assert.deepEqual(info.shards.get("0000")?.pageservers, [{ id: null, libpqUrl: "a", grpcUrl: null }]);
  });

  it("takes pieces as they are, also empty ones", () => {
    assert.deepEqual(urls(from("", null)), [["0000", ""]]);
    assert.deepEqual(urls(from("a,", 8)), [
      ["0002", "a"],
      ["0102", ""],
    ]);
    assert.deepEqual(urls(from("a, b", 8)), [
      ["0002", "a"],
      ["0102", " b"],
    ]);
    assert.equal(from("a,b", 8).stripeSize, 8);
  });

  it("refuses several pieces without a stripe size, and more than 255", () => {
    assert.deepEqual(pageserversFromConnstring("a,b", null), { ok: false, message: "2 shards but no stripe_size" });
    assert.equal(from(Array(255).fill("a").join(), 8).shardCount, 255);
    assert.deepEqual(pageserversFromConnstring(Array(256).fill("a").join(), 8), {
      ok: false,
      message: "out of range integral type conversion attempted",
    });
  });
});

describe("pageserversToConnstring (SPEC-44, BASE-15)", () => {
  it("gives back what was read", () => {
    const piece = fc.string({ unit: fc.constantFrom("a", ":", "/", " ") });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 255 }), (pieces) => {
        assert.equal(pageserversToConnstring(from(pieces.join(), 8)), pieces.join());
      }),
    );
  });

  it("goes by shard number, not by the order of the map, and takes each shard's first pageserver", () => {
    const second = { id: null, libpqUrl: "other", grpcUrl: null };
    const shards = new Map(
      [...from("a,b", 8).shards]
        .reverse()
        .map(([index, { pageservers }]) => [index, { pageservers: [...pageservers, second] }]),
    );
    assert.equal(pageserversToConnstring({ ...from("a,b", 8), shards }), "a,b");
  });

  it("gives none when a shard has no libpq address", () => {
    const grpcOnly = { pageservers: [{ id: null, libpqUrl: null, grpcUrl: "grpc://a" }] };
    const info = from("a,b", 8);
    assert.equal(pageserversToConnstring({ ...info, shards: new Map([...info.shards, ["0102", grpcOnly]]) }), null);
    assert.equal(pageserversToConnstring({ ...info, shards: new Map() }), null);
  });
});

describe("sameStorage (SPEC-47)", () => {
  const info = from("a,b", 8);

  it("ignores the order of the map", () => {
    assert.ok(sameStorage(info, { ...from("a,b", 8), shards: new Map([...info.shards].reverse()) }));
  });

  it("sees every other difference", () => {
    const others: readonly PageserverConnectionInfo[] = [
      from("a,c", 8),
      from("a,b", 9),
      from("a", null),
      { ...info, preferProtocol: "grpc" },
      { ...info, shardCount: 3 },
      { ...info, shards: new Map([...info.shards, ["0202", { pageservers: [] }]]) },
      { ...info, shards: new Map([...info.shards, ["0102", { pageservers: [] }]]) },
      {
        ...info,
        shards: new Map([...info.shards, ["0102", { pageservers: [{ id: 1n, libpqUrl: "b", grpcUrl: null }] }]]),
      },
    ];
    for (const other of others) {
      assert.ok(!sameStorage(info, other));
      assert.ok(!sameStorage(other, info));
    }
  });
});
