import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import { ProtocolError } from "../wire/protocol-error.ts";
import {
  decodeAppendResponse,
  decodeHistory,
  decodeSpan,
  decodeWal,
  encodeAppendResponse,
  encodeHistory,
  encodeSpan,
} from "./common-fields.ts";
import { type FieldCursor, littleEndian } from "./fields.ts";
import { codecOf } from "./message-codec.ts";
import { type AcceptorMessage, type MessageCodec, noConf, type ProposerMessage } from "./messages.ts";

const { uint32, uint64 } = littleEndian;
const version = 2;
const pgTimeline = 1;
const idBytes = 16;
/** A proposer's own id, which nobody looks at. */
const proposerIdBytes = 16;
const noProposerId = Buffer.alloc(proposerIdBytes);

/** Version 2 of the protocol, little-endian. It knows no generations: all are 0 (chapter 06 §8.2). */
export const codecV2: MessageCodec = codecOf({
  order: "little",
  readTag,
  proposerParts,
  proposerBody,
  acceptorParts,
  acceptorBody,
});

function proposerParts(message: ProposerMessage): readonly Buffer[] {
  switch (message.kind) {
    case "greeting":
      return [
        tag("g"),
        uint32(version),
        uint32(message.pgVersion),
        noProposerId,
        uint64(message.systemId),
        Buffer.from(message.timelineId, "hex"),
        Buffer.from(message.tenantId, "hex"),
        uint32(pgTimeline),
        uint32(message.segmentBytes),
      ];
    case "vote-request":
      return [tag("v"), uint64(message.term), noProposerId];
    case "elected":
      return [
        tag("e"),
        uint64(message.term),
        uint64(message.startStreamingAt),
        ...encodeHistory(littleEndian, message.history),
        uint64(message.history[0]?.lsn ?? 0n),
      ];
    case "append-request":
      return [
        tag("a"),
        uint64(message.term),
        uint64(0n),
        ...encodeSpan(littleEndian, message),
        noProposerId,
        message.data,
      ];
  }
}

function proposerBody(letter: string, cursor: FieldCursor): ProposerMessage {
  switch (letter) {
    case "g":
      return decodeGreeting(cursor);
    case "v": {
      const term = cursor.uint64();
      cursor.take(proposerIdBytes);
      return { kind: "vote-request", generation: 0, term };
    }
    case "e": {
      const [term, startStreamingAt, history] = [cursor.uint64(), cursor.uint64(), decodeHistory(cursor)];
      cursor.uint64();
      return { kind: "elected", generation: 0, term, startStreamingAt, history };
    }
    case "a": {
      const [term] = [cursor.uint64(), cursor.uint64()];
      const span = decodeSpan(cursor);
      cursor.take(proposerIdBytes);
      const { beginLsn, commitLsn, truncateLsn } = span;
      const data = decodeWal(cursor, span);
      return { kind: "append-request", generation: 0, term, beginLsn, commitLsn, truncateLsn, data };
    }
    default:
      throw unknownTag(letter);
  }
}

function decodeGreeting(cursor: FieldCursor): ProposerMessage {
  const said = cursor.uint32();
  if (said !== version) throw new ProtocolError(`a greeting of protocol version ${said} instead of ${version}`);
  const pgVersion = cursor.uint32();
  cursor.take(proposerIdBytes);
  const systemId = cursor.uint64();
  const timelineId = parseTimelineId(cursor.take(idBytes).toString("hex"));
  const tenantId = parseTenantId(cursor.take(idBytes).toString("hex"));
  const timeline = cursor.uint32();
  const segmentBytes = cursor.uint32();
  if (timeline !== pgTimeline || tenantId === undefined || timelineId === undefined) {
    throw new ProtocolError(`a greeting for Postgres timeline ${timeline}; there is only ${pgTimeline}`);
  }
  return { kind: "greeting", tenantId, timelineId, conf: noConf, pgVersion, systemId, segmentBytes };
}

function acceptorParts(message: AcceptorMessage): readonly Buffer[] {
  switch (message.kind) {
    case "greeting":
      return [tag("g"), uint64(message.term), uint64(message.nodeId)];
    case "vote-response":
      return [
        tag("v"),
        uint64(message.term),
        uint64(message.given ? 1n : 0n),
        uint64(message.flushLsn),
        uint64(message.truncateLsn),
        ...encodeHistory(littleEndian, message.history),
        uint64(0n),
      ];
    case "append-response":
      return [tag("a"), ...encodeAppendResponse(littleEndian, message)];
  }
}

function acceptorBody(letter: string, cursor: FieldCursor): AcceptorMessage {
  switch (letter) {
    case "g":
      return { kind: "greeting", conf: noConf, term: cursor.uint64(), nodeId: cursor.uint64() };
    case "v": {
      const [term, given] = [cursor.uint64(), cursor.uint64() !== 0n];
      const [flushLsn, truncateLsn, history] = [cursor.uint64(), cursor.uint64(), decodeHistory(cursor)];
      cursor.uint64();
      return { kind: "vote-response", generation: 0, term, given, flushLsn, truncateLsn, history };
    }
    case "a":
      return { kind: "append-response", generation: 0, ...decodeAppendResponse(cursor) };
    default:
      throw unknownTag(letter);
  }
}

function readTag(cursor: FieldCursor): string {
  const code = cursor.uint64();
  return code < 128n ? String.fromCharCode(Number(code)) : "";
}

function tag(letter: string): Buffer {
  return uint64(BigInt(letter.charCodeAt(0)));
}

function unknownTag(letter: string): ProtocolError {
  return new ProtocolError(`unknown message ${JSON.stringify(letter)} in a conversation of protocol version 2`);
}
