import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createRecentLines } from "./recent-lines.ts";

describe("the newest lines in memory", () => {
  it("are told in order, as many as are asked for", () => {
    const lines = createRecentLines({ linesMax: 10, bytesMax: 1000 });
    assert.deepEqual(lines.recent(5), []);
    lines.add("a\n");
    lines.add("b\n\nc\n");
    assert.deepEqual(lines.recent(5), ["a", "b", "", "c"]);
    assert.deepEqual(lines.recent(2), ["", "c"]);
    assert.deepEqual(lines.recent(0), []);
    assert.deepEqual(lines.recent(-1), []);
  });

  it("are those that were added last, whatever came before", () => {
    const chunk = fc.array(
      fc.string({ maxLength: 8 }).map((line) => line.replaceAll("\n", "")),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(20),
        (chunks, linesMax, count) => {
          const lines = createRecentLines({ linesMax, bytesMax: 1_000_000 });
          for (const texts of chunks) lines.add(texts.map((line) => `${line}\n`).join(""));
          const wanted = Math.min(count, linesMax);
          assert.deepEqual(lines.recent(count), wanted === 0 ? [] : chunks.flat().slice(-wanted));
        },
      ),
    );
  });

  it("give up the oldest when they take too many bytes, but never the newest text", () => {
    const lines = createRecentLines({ linesMax: 100, bytesMax: 10 });
    for (const text of ["äää\n", "bbb\n", "c\n"]) lines.add(text);
    assert.deepEqual(lines.recent(100), ["bbb", "c"]);
    lines.add(`${"d".repeat(50)}\n`);
    assert.deepEqual(lines.recent(100), ["d".repeat(50)]);
    assert.equal(lines.total(), 4, "those given up are counted");
  });
});
