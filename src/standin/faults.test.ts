import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFaultSource, spoilChunk } from "./faults.ts";

describe("fault plans", () => {
  it("last for as many connections as they say, or for ever", () => {
    const source = createFaultSource({ fault: "down", times: 2 });
    assert.deepEqual([source.next(), source.next(), source.next()], ["down", "down", null]);
    source.replace({ fault: "gone" });
    assert.deepEqual([source.next(), source.next(), source.next()], ["gone", "gone", "gone"]);
    source.replace(null);
    assert.equal(source.next(), null);
  });
});

describe("spoiled payload", () => {
  const chunk = Buffer.from("abcdef");
  const cut = { kind: "truncated", afterBytes: 10 } as const;

  it("passes chunks that lie before the cut", () => {
    assert.deepEqual(spoilChunk(cut, 4, chunk), { send: chunk, next: "go-on" });
    assert.deepEqual(spoilChunk(null, 4, chunk), { send: chunk, next: "go-on" });
    assert.deepEqual(spoilChunk({ kind: "hang-up" }, 4, chunk), { send: chunk, next: "go-on" });
  });

  it("cuts the chunk in which the limit lies", () => {
    assert.deepEqual(spoilChunk(cut, 8, chunk), { send: Buffer.from("ab"), next: "end" });
    assert.deepEqual(spoilChunk({ kind: "close-mid-copy", afterBytes: 0 }, 0, chunk), {
      send: Buffer.alloc(0),
      next: "close",
    });
  });
});
