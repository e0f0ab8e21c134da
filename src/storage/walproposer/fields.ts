import { ByteCursor } from "../wire/byte-cursor.ts";
import { ProtocolError } from "../wire/protocol-error.ts";

/** Version 3 of the protocol is big-endian, version 2 little-endian. */
export type ByteOrder = "big" | "little";

/** Reads the numbers of one message in order. Every method throws a {@link ProtocolError} when the message is too short. */
export class FieldCursor extends ByteCursor {
  readonly #order: ByteOrder;

  constructor(bytes: Buffer, what: string, order: ByteOrder) {
    super(bytes, what);
    this.#order = order;
  }

  uint8(): number {
    return this.take(1).readUInt8();
  }

  uint16(): number {
    const bytes = this.take(2);
    return this.#order === "big" ? bytes.readUInt16BE() : bytes.readUInt16LE();
  }

  uint32(): number {
    const bytes = this.take(4);
    return this.#order === "big" ? bytes.readUInt32BE() : bytes.readUInt32LE();
  }

  uint64(): bigint {
    const bytes = this.take(8);
    return this.#order === "big" ? bytes.readBigUInt64BE() : bytes.readBigUInt64LE();
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  /** Reads a 32-bit count and that many items. A count that the message is too short for is refused before it costs memory. */
  items<T>(itemBytesMin: number, item: () => T): readonly T[] {
    const count = this.uint32();
    if (count * itemBytesMin > this.remaining) throw new ProtocolError(`message too short for its ${count} items`);
    return Array.from({ length: count }, item);
  }

  /** Everything that is left. */
  rest(): Buffer {
    return this.take(this.remaining);
  }
}

/** Writes numbers in one byte order. @throws RangeError for a number that does not fit */
export interface FieldEncoder {
  uint16(value: number): Buffer;
  uint32(value: number): Buffer;
  uint64(value: bigint): Buffer;
}

export const bigEndian: FieldEncoder = {
  uint16: (value) => filled(2, (buffer) => buffer.writeUInt16BE(value)),
  uint32: (value) => filled(4, (buffer) => buffer.writeUInt32BE(value)),
  uint64: (value) => filled(8, (buffer) => buffer.writeBigUInt64BE(value)),
};

export const littleEndian: FieldEncoder = {
  uint16: (value) => filled(2, (buffer) => buffer.writeUInt16LE(value)),
  uint32: (value) => filled(4, (buffer) => buffer.writeUInt32LE(value)),
  uint64: (value) => filled(8, (buffer) => buffer.writeBigUInt64LE(value)),
};

/** A signed number in the bits of an unsigned one. */
export function asUnsigned(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** Something that comes behind a count of 32 bits. */
export function counted<T>(
  fields: FieldEncoder,
  items: readonly T[],
  encode: (item: T) => readonly Buffer[],
): readonly Buffer[] {
  return [fields.uint32(items.length), ...items.flatMap(encode)];
}

function filled(bytes: number, fill: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(bytes);
  fill(buffer);
  return buffer;
}
