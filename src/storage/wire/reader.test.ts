import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeBackend } from "./decode-backend.ts";
import { decodeFrontend } from "./decode-frontend.ts";
import { encodeBackend } from "./encode-backend.ts";
import { ProtocolError } from "./protocol-error.ts";
import { MessageReader } from "./reader.ts";

function clientReader(hex: string): MessageReader {
  const reader = new MessageReader({ side: "client" });
  reader.push(Buffer.from(hex, "hex"));
  return reader;
}

describe("MessageReader", () => {
  it("hands out CopyData that lies in one chunk without copying it", () => {
    const chunk = encodeBackend({ kind: "copyData", data: Buffer.alloc(1 << 16, 7) });
    const reader = new MessageReader({ side: "client" });
    reader.push(chunk);
    const body = reader.next()?.body;
    assert.equal(body?.buffer, chunk.buffer);
    assert.equal(body?.length, 1 << 16);
  });

  it("joins CopyData that spans chunks, and goes on right behind it", () => {
    const data = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 251));
    const bytes = Buffer.concat([encodeBackend({ kind: "copyData", data }), encodeBackend({ kind: "copyDone" })]);
    const reader = new MessageReader({ side: "client" });
    for (let at = 0; at < bytes.length; at += 300) reader.push(bytes.subarray(at, at + 300));
    assert.deepEqual(reader.next()?.body, data);
    assert.equal(reader.next()?.tag, "c");
    assert.equal(reader.next(), undefined);
  });

  it("tells what is left of a message that was cut off", () => {
    const reader = clientReader("64000000ff0102");
    assert.equal(reader.next(), undefined);
    assert.equal(reader.bufferedBytes, 7);
  });

  for (const [name, hex] of [
    ["longer than the limit", "647fffffff"],
    ["negative", "64ffffffff"],
    ["shorter than itself", "6400000003"],
  ] as const) {
    it(`refuses a length that is ${name}, before it holds any of it`, () => {
      assert.throws(() => clientReader(hex).next(), ProtocolError);
    });
  }

  it("takes a message of exactly the limit", () => {
    const reader = new MessageReader({ side: "client", messageBytesMax: 8 });
    reader.push(Buffer.from("640000000801020304", "hex"));
    assert.equal(reader.next()?.body.length, 4);
    reader.push(Buffer.from("6400000009", "hex"));
    assert.throws(() => reader.next(), /limit of 8/);
  });

  for (const [name, hex] of [
    ["too short", "0000000700030000"],
    ["too long", "0000271100030000"],
    ["the beginning of TLS", "1603010200010001"],
    ["an HTTP request", Buffer.from("GET / HTTP/1.1").toString("hex")],
  ] as const) {
    it(`BASE-33: a server refuses a first packet that is ${name}`, () => {
      const reader = new MessageReader({ side: "server" });
      reader.push(Buffer.from(hex, "hex"));
      assert.throws(() => reader.next(), ProtocolError);
    });
  }
});

describe("decoding malformed messages", () => {
  const body = (hex: string): Buffer => Buffer.from(hex, "hex");

  for (const [name, tag, hex] of [
    ["an unknown tag", "y", ""],
    ["a row shorter than its value", "D", "0001000000ff61"],
    ["a row with a negative value length", "D", "0001fffffff0"],
    ["a negative column count", "T", "ffff"],
    ["a text without an end", "C", "414243"],
    ["bytes after the end", "Z", "4949"],
    ["an error without a terminator", "E", "5345525200"],
  ] as const) {
    it(`backend: ${name}`, () => assert.throws(() => decodeBackend({ tag, body: body(hex) }), ProtocolError));
  }

  for (const [name, tag, hex] of [
    ["an unknown tag", "Y", ""],
    ["an unknown protocol version", "", "00020000"],
    ["parameters without their end", "", "00030000757365720061"],
    ["Bind with parameters", "B", "0073300000000001000000016100000000"],
    ["Describe of something else", "D", "58733000"],
  ] as const) {
    it(`frontend: ${name}`, () => assert.throws(() => decodeFrontend({ tag, body: body(hex) }), ProtocolError));
  }
});

describe("the CopyData of a MessageReader, wherever its messages begin and end (BASE-42)", () => {
  const data = Buffer.from(Array.from({ length: 10_000 }, (_, at) => (at * 7) % 251));
  const frames: Buffer[] = [];
  for (let at = 0, size = 0; at < data.length; at += size) {
    size = 1 + ((at * 13) % 700);
    frames.push(encodeBackend({ kind: "copyData", data: data.subarray(at, at + size) }));
    if (size % 3 === 0) frames.push(encodeBackend({ kind: "copyData", data: Buffer.alloc(0) }));
  }
  const stream = Buffer.concat([...frames, encodeBackend({ kind: "copyDone" })]);

  for (const chunkBytes of [1, 3, 5, 6, 64, 999, stream.length]) {
    it(`is handed out as a whole from chunks of ${chunkBytes} bytes, and the message after it by itself`, () => {
      const reader = new MessageReader({ side: "client" });
      const pieces: Buffer[] = [];
      for (let at = 0; at < stream.length; at += chunkBytes) {
        reader.push(Buffer.from(stream.subarray(at, at + chunkBytes)));
        for (let piece = reader.copyData(); piece !== undefined; piece = reader.copyData()) pieces.push(piece);
      }
      assert.deepEqual(Buffer.concat(pieces), data);
      assert.equal(reader.isAtOther, true);
      assert.equal(reader.next()?.tag, "c");
      assert.equal(reader.isAtOther, false);
    });
  }

  it("is moved together within its chunk, without new memory, and nothing else of that memory is touched", () => {
    const memory = Buffer.alloc(stream.length + 200, 0xee);
    stream.copy(memory, 100);
    const reader = new MessageReader({ side: "client" });
    reader.push(memory.subarray(100, 100 + stream.length));
    const piece = reader.copyData();
    assert.equal(piece?.buffer, memory.buffer);
    assert.deepEqual(piece, data);
    const around = Buffer.concat([memory.subarray(0, 100), memory.subarray(-100)]);
    assert.deepEqual(around, Buffer.alloc(200, 0xee));
  });

  it("stops at an error in the middle, which comes next", () => {
    const reader = new MessageReader({ side: "client" });
    const error = encodeBackend({ kind: "errorResponse", severity: "ERROR", code: "XX000", message: "no" });
    reader.push(Buffer.concat([encodeBackend({ kind: "copyData", data: Buffer.from("ab") }), error]));
    assert.equal(reader.copyData()?.toString(), "ab");
    assert.equal(reader.copyData(), undefined);
    assert.equal(reader.next()?.tag, "E");
  });

  it("hands out no message while the rest of one is to come, and tells how much of that is here", () => {
    const reader = clientReader("640000000a0102");
    assert.deepEqual(reader.copyData(), Buffer.from("0102", "hex"));
    assert.equal(reader.next(), undefined);
    assert.equal(reader.isAtOther, false);
    reader.push(Buffer.from("03040506", "hex"));
    assert.deepEqual(reader.copyData(), Buffer.from("03040506", "hex"));
  });

  it("is refused with a length that is impossible", () => {
    assert.throws(() => clientReader("6400000003").copyData(), ProtocolError);
    assert.throws(() => clientReader("647fffffff").copyData(), ProtocolError);
  });
});
