import { cstring, int32 } from "../wire/byte-encoder.ts";
import { ProtocolError } from "../wire/protocol-error.ts";
import { asUnsigned, bigEndian, counted, FieldCursor, type FieldEncoder } from "./fields.ts";
import {
  type AppendRequest,
  type AppendResponse,
  type FeedbackItem,
  type TermHistory,
  walPayloadBytesMax,
} from "./messages.ts";

/* The parts of messages that both versions of the protocol have, each in its own byte order. */

const termEntryBytes = 16;

/** A count and that many pairs of term and LSN. */
export function decodeHistory(cursor: FieldCursor): TermHistory {
  return cursor.items(termEntryBytes, () => ({ term: cursor.uint64(), lsn: cursor.uint64() }));
}

export function encodeHistory(fields: FieldEncoder, history: TermHistory): readonly Buffer[] {
  return counted(fields, history, ({ term, lsn }) => [fields.uint64(term), fields.uint64(lsn)]);
}

/** The LSNs of an AppendRequest: begin, end, commit, truncate. */
export function encodeSpan(fields: FieldEncoder, request: AppendRequest): readonly Buffer[] {
  const { beginLsn, commitLsn, truncateLsn, data } = request;
  return [beginLsn, beginLsn + BigInt(data.length), commitLsn, truncateLsn].map(fields.uint64);
}

export interface Span extends Pick<AppendRequest, "beginLsn" | "commitLsn" | "truncateLsn"> {
  readonly endLsn: bigint;
}

export function decodeSpan(cursor: FieldCursor): Span {
  const [beginLsn, endLsn] = [cursor.uint64(), cursor.uint64()];
  return { beginLsn, endLsn, commitLsn: cursor.uint64(), truncateLsn: cursor.uint64() };
}

/** The WAL of an AppendRequest: everything that is left, which has to be just as much as its LSNs say (SK-65). */
export function decodeWal(cursor: FieldCursor, { beginLsn, endLsn }: Span): Buffer {
  const bytes = endLsn - beginLsn;
  if (bytes < 0n || bytes > BigInt(walPayloadBytesMax)) throw new ProtocolError("AppendRequest with an impossible end");
  if (bytes !== BigInt(cursor.remaining)) throw new ProtocolError("AppendRequest with more or less WAL than it says");
  return cursor.rest();
}

type ResponseTail = Omit<AppendResponse, "kind" | "generation">;

/** What follows the generation in an AppendResponse. */
export function decodeAppendResponse(cursor: FieldCursor): ResponseTail {
  return {
    term: cursor.uint64(),
    flushLsn: cursor.uint64(),
    commitLsn: cursor.uint64(),
    standbyTime: cursor.int64(),
    standbyXmin: cursor.uint64(),
    standbyCatalogXmin: cursor.uint64(),
    feedback: cursor.remaining === 0 ? null : decodeFeedback(cursor.rest()),
  };
}

export function encodeAppendResponse(fields: FieldEncoder, response: ResponseTail): readonly Buffer[] {
  const { term, flushLsn, commitLsn, standbyTime, standbyXmin, standbyCatalogXmin, feedback } = response;
  const numbers = [term, flushLsn, commitLsn, asUnsigned(standbyTime), standbyXmin, standbyCatalogXmin];
  return [...numbers.map(fields.uint64), ...(feedback === null ? [] : [encodeFeedback(feedback)])];
}

/** A pageserver's feedback, big-endian in both versions; keys are not looked at, so that unknown ones pass. */
export function decodeFeedback(bytes: Buffer): readonly FeedbackItem[] {
  const cursor = new FieldCursor(bytes, "feedback", "big");
  const count = cursor.uint8();
  const items = Array.from({ length: count }, () => ({ key: cursor.cstring(), value: cursor.take(cursor.int32()) }));
  cursor.end();
  return items;
}

/** @throws RangeError for more than 255 items */
export function encodeFeedback(items: readonly FeedbackItem[]): Buffer {
  const count = bigEndian.uint16(items.length);
  if (items.length > 0xff) throw new RangeError(`${items.length} items of feedback; a byte counts them`);
  const parts = items.flatMap(({ key, value }) => [cstring(key), int32(value.length), value]);
  return Buffer.concat([count.subarray(1), ...parts]);
}
