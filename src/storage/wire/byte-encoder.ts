import { ProtocolError } from "./protocol-error.ts";

/** A tagged message: the tag, the length of all but the tag, the parts. */
export function frame(tag: string, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(tag, "latin1"), ...untaggedFrame(...parts)]);
}

/** The pieces of a message without a tag, as the first packets of a connection are. */
export function untaggedFrame(...parts: readonly Buffer[]): readonly Buffer[] {
  const bytes = parts.reduce((sum, part) => sum + part.length, 4);
  return [int32(bytes), ...parts];
}

/** @throws ProtocolError when `text` holds a NUL, which would end it early and turn its rest into something else. */
export function cstring(text: string): Buffer {
  if (text.includes("\0")) throw new ProtocolError("a text with a NUL byte cannot be sent");
  return Buffer.from(`${text}\0`, "utf8");
}

export function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}

export function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}
