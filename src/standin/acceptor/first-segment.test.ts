import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { firstSegmentHeaders } from "./first-segment.ts";

const server = { pgVersion: 170_005, systemId: 0x0102030405060708n, segmentBytes: 16_777_216 };
const tail = "0000000008070605040302010000000100200000";

/** LSN and bytes, in hex. */
function headers(lsn: bigint, pgVersion = 170_005): readonly string[] {
  return firstSegmentHeaders(lsn, { ...server, pgVersion }).map(
    ({ beginLsn, data }) => `${beginLsn.toString(16)} ${data.toString("hex")}`,
  );
}

describe("the headers of a log's first segment (BASE-51)", () => {
  it("are one at the start of the segment and one on the page of the LSN, which tells how much of it is missing", () => {
    assert.deepEqual(headers(0x14ee150n), [
      `1000000 16d10200010000000000000100000000${"00000000"}${tail}`,
      "14ee000 16d1010001000000" + "00e04e0100000000" + "3801000000000000",
    ]);
  });

  it("are without a rest when the log begins with a page", () => {
    assert.deepEqual(headers(0x1500000n, 140_001), [
      `1000000 0dd10200010000000000000100000000${"00000000"}${tail}`,
      "1500000 0dd1000001000000" + "0000500100000000" + "0000000000000000",
    ]);
  });

  it("are one when the log begins on the first page", () => {
    assert.deepEqual(headers(0x1000028n), [`1000000 16d10200010000000000000100000000${"00000000"}${tail}`]);
    assert.deepEqual(headers(0x1000100n), [`1000000 16d10300010000000000000100000000${"d8000000"}${tail}`]);
  });

  it("are none for a Postgres whose pages nobody described", () => {
    assert.deepEqual(headers(0x1000028n, 990_001), []);
  });
});
