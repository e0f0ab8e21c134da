import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatUuid, randomId } from "./random-id.ts";

const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("random ids", () => {
  it("HTTP-14: are UUIDs of version 4, and none comes twice", () => {
    const ids = Array.from({ length: 1000 }, randomId);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, uuidV4);
  });

  it("carry version and variant whatever the bytes are", () => {
    assert.equal(formatUuid(new Uint8Array(16)), "00000000-0000-4000-8000-000000000000");
    assert.equal(formatUuid(new Uint8Array(16).fill(0xff)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  });
});
