import { crc32, deflateSync, inflateSync } from "node:zlib";

const signatureBytes = 8;
const coloursMax = 256;

/** Rows of pixels, three bytes each. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgb: Buffer;
}

/**
 * The same picture with at most 256 colours, the most frequent ones, in a fraction of the bytes: what is rarer stands at the edges
 * of letters.
 * @throws Error when it is no PNG as browsers make them: 8 bits for each of red, green and blue, not interlaced
 */
export function indexedPng(png: Buffer): Buffer {
  const { width, height, rgb } = decode(png);
  const colours = Array.from({ length: width * height }, (_, at) => rgb.readUIntBE(at * 3, 3));
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = [...counts]
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, coloursMax)
    .map(([colour]) => colour);
  const indexes = new Map([...counts.keys()].map((colour) => [colour, nearest(colour, palette)]));
  const rows = Buffer.alloc((width + 1) * height);
  colours.forEach((colour, at) => {
    rows[Math.floor(at / width) * (width + 1) + 1 + (at % width)] = indexes.get(colour) ?? 0;
  });
  const header = Buffer.from(png.subarray(signatureBytes + 8, signatureBytes + 21));
  header[9] = 3;
  const body = Buffer.alloc(palette.length * 3);
  for (const [at, colour] of palette.entries()) body.writeUIntBE(colour, at * 3, 3);
  return Buffer.concat([
    png.subarray(0, signatureBytes),
    chunk("IHDR", header),
    chunk("PLTE", body),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function nearest(colour: number, palette: readonly number[]): number {
  const exact = palette.indexOf(colour);
  if (exact >= 0) return exact;
  const distances = palette.map((other) => distance(colour, other));
  return distances.indexOf(Math.min(...distances));
}

function distance(left: number, right: number): number {
  return [16, 8, 0].reduce((sum, shift) => sum + (((left >> shift) & 255) - ((right >> shift) & 255)) ** 2, 0);
}

function decode(png: Buffer): Pixels {
  const chunks = [...chunksOf(png)];
  const header = chunks[0]?.body;
  if (header?.length !== 13 || header[8] !== 8 || header[9] !== 2 || header[12] !== 0) {
    throw new Error("not a PNG of 8 bits for each of red, green and blue");
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const data = inflateSync(Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ body }) => body)));
  const stride = width * 3;
  const rgb = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row++) {
    const filtered = data.subarray(row * (stride + 1), (row + 1) * (stride + 1));
    const above = row === 0 ? Buffer.alloc(stride) : rgb.subarray((row - 1) * stride, row * stride);
    unfilter(filtered, above, rgb.subarray(row * stride, (row + 1) * stride));
  }
  return { width, height, rgb };
}

/** Undoes what a row was made easier to compress by; its first byte says what that was. */
function unfilter(filtered: Buffer, above: Buffer, row: Buffer): void {
  const [filter = 0] = filtered;
  for (let at = 0; at < row.length; at++) {
    const left = row[at - 3] ?? 0;
    const up = above[at] ?? 0;
    const guess = [0, left, up, (left + up) >> 1, paeth(left, up, above[at - 3] ?? 0)][filter] ?? 0;
    row[at] = (filtered[at + 1] ?? 0) + guess;
  }
}

/** The one of the three that is nearest to their plane. */
function paeth(left: number, up: number, corner: number): number {
  const plane = left + up - corner;
  const [byLeft, byUp, byCorner] = [left, up, corner].map((each) => Math.abs(plane - each));
  if (byLeft === undefined || byUp === undefined || byCorner === undefined) return left;
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}

function* chunksOf(png: Buffer): Generator<{ readonly type: string; readonly body: Buffer }> {
  for (let at = signatureBytes; at < png.length; ) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString("latin1", at + 4, at + 8), body: png.subarray(at + 8, at + 8 + length) };
    at += length + 12;
  }
}

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), body]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(body.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}
