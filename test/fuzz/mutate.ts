import type { Random } from "../simulation/random.ts";

/** Values at which decoders go wrong: the edges of lengths and counts. */
const edges: readonly number[] = [0, 1, 0x7f, 0x80, 0xff];
const longEdges: readonly number[] = [0, 1, 4, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x4000_0000, 0x0100_0001];
const inputBytesMax = 1 << 16;

/** An input for a decoder: bytes of all kinds, or a sample that was changed in a few places. */
export function makeInput(random: Random, samples: readonly Buffer[]): Buffer {
  if (samples.length === 0 || random.chance(0.1)) return randomBytes(random, random.between(0, 300));
  let bytes: Buffer = Buffer.from(random.pick(samples));
  for (let count = random.between(0, 6); count > 0; count -= 1) bytes = mutated(bytes, random, samples);
  return bytes.subarray(0, inputBytesMax);
}

function randomBytes(random: Random, length: number): Buffer {
  const printable = random.chance(0.5);
  return Buffer.from(Array.from({ length }, () => (printable ? random.between(32, 126) : random.between(0, 255))));
}

function mutated(bytes: Buffer, random: Random, samples: readonly Buffer[]): Buffer {
  const at = random.between(0, bytes.length);
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (random.between(0, 8)) {
    case 0:
      return head;
    case 1:
      return Buffer.concat([head, randomBytes(random, random.between(1, 8)), tail]);
    case 2:
      return Buffer.concat([head, tail.subarray(random.between(1, 8))]);
    case 3:
      return Buffer.concat([head, Buffer.of(random.pick(edges)), tail.subarray(1)]);
    case 4:
      return Buffer.concat([head, Buffer.of((tail[0] ?? 0) ^ (1 << random.between(0, 7))), tail.subarray(1)]);
    case 5: {
      const edge = Buffer.alloc(4);
      if (random.chance(0.5)) edge.writeUInt32BE(random.pick(longEdges));
      else edge.writeUInt32LE(random.pick(longEdges));
      return Buffer.concat([head, edge, tail.subarray(4)]);
    }
    case 6: {
      // A piece again, a few or many times.
      const piece = tail.subarray(0, random.between(1, 32));
      const times = random.chance(0.1) ? random.between(100, 1000) : random.between(1, 4);
      return Buffer.concat([head, ...Array.from({ length: times }, () => piece), tail]);
    }
    case 7: {
      const other = random.pick(samples);
      const from = random.between(0, other.length);
      return Buffer.concat([head, other.subarray(from, from + random.between(1, 64)), tail]);
    }
    default:
      return Buffer.concat([tail, head]);
  }
}

/** Cuts an input into the pieces in which a socket might deliver it. */
export function split(bytes: Buffer, random: Random): readonly Buffer[] {
  const pieces: Buffer[] = [];
  const sizeMax = random.pick([1, 3, 16, 1 << 16]);
  for (let at = 0; at < bytes.length; ) {
    const size = random.between(1, sizeMax);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
