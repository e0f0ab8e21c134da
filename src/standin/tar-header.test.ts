import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeTarHeader, tarPadding } from "./tar-header.ts";

const mtime = 1_790_000_000;

/** The bytes of a header field as text, NULs included. */
function field(header: Buffer, offset: number, bytes: number): string {
  return header.toString("latin1", offset, offset + bytes);
}

describe("tar header (chapter 06, test vectors)", () => {
  it("writes a file's header", () => {
    const header = encodeTarHeader({ name: "neon.signal", kind: "file", sizeBytes: 19 }, mtime);
    assert.equal(header.length, 512);
    assert.equal(field(header, 0, 12), "neon.signal\0");
    assert.equal(field(header, 100, 8), "0000600\0");
    assert.equal(field(header, 108, 16), "\0".repeat(16));
    assert.equal(field(header, 124, 12), "00000000023\0");
    assert.equal(field(header, 136, 12), "15254235600\0");
    assert.equal(field(header, 148, 8), "0006547\0");
    assert.equal(field(header, 156, 1), "\0");
    assert.equal(field(header, 257, 8), "ustar  \0");
  });

  it("writes a directory's header", () => {
    const header = encodeTarHeader({ name: "global", kind: "directory", sizeBytes: 0 }, mtime);
    assert.equal(field(header, 100, 8), "0000755\0");
    assert.equal(field(header, 148, 8), "0005667\0");
    assert.equal(field(header, 156, 1), "5");
  });

  it("refuses a name that would need a long-name record", () => {
    assert.throws(() => encodeTarHeader({ name: "x".repeat(101), kind: "file", sizeBytes: 0 }, mtime), RangeError);
    assert.equal(field(encodeTarHeader({ name: "x".repeat(100), kind: "file", sizeBytes: 0 }, mtime), 99, 2), "x0");
  });

  it("pads content to whole blocks", () => {
    assert.deepEqual(
      [0, 1, 511, 512, 513].map((size) => tarPadding(size).length),
      [0, 511, 1, 0, 511],
    );
  });
});
