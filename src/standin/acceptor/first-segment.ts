import type { Lsn } from "../../base/lsn.ts";
import type { ServerFacts } from "./control-state.ts";

/** Bytes and where they belong in the WAL. */
export interface PlacedBytes {
  readonly beginLsn: Lsn;
  readonly data: Buffer;
}

const pageBytes = 8192;
const longHeaderBytes = 40;
const shortHeaderBytes = 24;
const flags = { beginsWithRest: 1, longHeader: 2 } as const;
const pgTimeline = 1;

/** By the major version of Postgres. */
const magics: ReadonlyMap<number, number> = new Map([
  [14, 0xd10d],
  [15, 0xd110],
  [16, 0xd113],
  [17, 0xd116],
]);

/**
 * The page headers that a log beginning at `lsn` lacks (BASE-51): one at the start of its segment, and one on its page if
 * that is another. None for a Postgres whose pages we do not know.
 */
export function firstSegmentHeaders(lsn: Lsn, server: ServerFacts): readonly PlacedBytes[] {
  const magic = magics.get(Math.floor(server.pgVersion / 10_000));
  if (magic === undefined) return [];
  const offset = Number(lsn % BigInt(server.segmentBytes));
  const segmentLsn = lsn - BigInt(offset);
  const inPage = offset % pageBytes;
  const onFirstPage = offset < pageBytes;
  const restOnFirst = onFirstPage ? Math.max(0, offset - longHeaderBytes) : 0;
  const long = Buffer.alloc(longHeaderBytes);
  fillHeader(long, magic, segmentLsn, restOnFirst, flags.longHeader);
  long.writeBigUInt64LE(server.systemId, 24);
  long.writeUInt32LE(server.segmentBytes, 32);
  long.writeUInt32LE(pageBytes, 36);
  const first = { beginLsn: segmentLsn, data: long };
  if (onFirstPage) return [first];
  const pageLsn = lsn - BigInt(inPage);
  const short = Buffer.alloc(shortHeaderBytes);
  fillHeader(short, magic, pageLsn, Math.max(0, inPage - shortHeaderBytes), 0);
  return [first, { beginLsn: pageLsn, data: short }];
}

/** @param restBytes how much of a record that began earlier stands at the start of the page */
function fillHeader(header: Buffer, magic: number, pageLsn: Lsn, restBytes: number, info: number): void {
  header.writeUInt16LE(magic, 0);
  header.writeUInt16LE(restBytes > 0 ? info | flags.beginsWithRest : info, 2);
  header.writeUInt32LE(pgTimeline, 4);
  header.writeBigUInt64LE(pageLsn, 8);
  header.writeUInt32LE(restBytes, 16);
}
