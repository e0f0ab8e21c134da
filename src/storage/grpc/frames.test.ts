import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ProtocolError } from "../wire/protocol-error.ts";
import { encodeFrame, FrameReader } from "./frames.ts";

function readAll(reader: FrameReader, ...chunks: readonly Uint8Array[]): readonly string[] {
  const messages: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let each = reader.next(); each !== undefined; each = reader.next()) {
      messages.push(Buffer.from(each).toString("hex"));
    }
  }
  return messages;
}

describe("gRPC frames", () => {
  it("put a flag and the length before a message, as the vector has it", () => {
    const frame = encodeFrame(Buffer.from("08a8cca50b2002", "hex"));
    assert.equal(frame.toString("hex"), "000000000708a8cca50b2002");
  });

  it("are read back, cut at every byte", () => {
    const stream = Buffer.concat([
      encodeFrame(Buffer.from("abcd", "hex")),
      encodeFrame(Buffer.alloc(0)),
      encodeFrame(Buffer.alloc(9, 7)),
    ]);
    const expected = ["abcd", "", "07".repeat(9)];
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const reader = new FrameReader();
      assert.deepEqual(readAll(reader, stream.subarray(0, cut), stream.subarray(cut)), expected, `cut at ${cut}`);
      assert.ok(reader.isBetweenMessages);
    }
    assert.deepEqual(readAll(new FrameReader(), ...[...stream].map((byte) => Uint8Array.of(byte))), expected);
  });

  it("know when a stream ends in the middle of a message", () => {
    const frame = encodeFrame(Buffer.from("abcd", "hex"));
    for (let cut = 1; cut < frame.length; cut += 1) {
      const reader = new FrameReader();
      assert.deepEqual(readAll(reader, frame.subarray(0, cut)), []);
      assert.ok(!reader.isBetweenMessages, `cut at ${cut}`);
    }
  });

  it("refuse lengths that are too long before anything of that size is held, and compression", () => {
    const huge = Buffer.from("0040000000", "hex");
    assert.throws(() => readAll(new FrameReader(), huge), /of 1073741824 bytes is longer than the limit of 4194304/);
    assert.throws(() => readAll(new FrameReader(3), encodeFrame(Buffer.alloc(4))), ProtocolError);
    assert.throws(() => readAll(new FrameReader(), Buffer.from("0100000000", "hex")), /flag 1/);
  });

  it("whatever the messages and the pieces, come out as they went in; garbage is a ProtocolError or waits for more", () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 8 }), fc.integer({ min: 1, max: 70 }), (messages, piece) => {
        const stream = Buffer.concat(messages.map(encodeFrame));
        const pieces: Buffer[] = [];
        for (let at = 0; at < stream.length; at += piece) pieces.push(stream.subarray(at, at + piece));
        const hex = messages.map((message) => Buffer.from(message).toString("hex"));
        assert.deepEqual(readAll(new FrameReader(), ...pieces), hex);
      }),
    );
    fc.assert(
      fc.property(bytes, (garbage) => {
        try {
          readAll(new FrameReader(), garbage);
        } catch (error) {
          assert.ok(error instanceof ProtocolError);
        }
      }),
    );
  });
});
