import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import { cstring } from "../wire/byte-encoder.ts";
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
import { bigEndian, counted, type FieldCursor } from "./fields.ts";
import { codecOf } from "./message-codec.ts";
import type { AcceptorMessage, Member, MembershipConf, MessageCodec, ProposerMessage } from "./messages.ts";

const { uint16, uint32, uint64 } = bigEndian;
/** Node id, an empty host, port. */
const memberBytesMin = 11;

/** Version 3 of the protocol, big-endian, with generations (chapter 06 §8.1). */
export const codecV3: MessageCodec = codecOf({
  order: "big",
  readTag: (cursor) => cursor.char(),
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
        cstring(message.tenantId),
        cstring(message.timelineId),
        ...confParts(message.conf),
        uint32(message.pgVersion),
        uint64(message.systemId),
        uint32(message.segmentBytes),
      ];
    case "vote-request":
      return [tag("v"), uint32(message.generation), uint64(message.term)];
    case "elected":
      return [
        tag("e"),
        uint32(message.generation),
        uint64(message.term),
        uint64(message.startStreamingAt),
        ...encodeHistory(bigEndian, message.history),
      ];
    case "append-request":
      return [
        tag("a"),
        uint32(message.generation),
        uint64(message.term),
        ...encodeSpan(bigEndian, message),
        message.data,
      ];
  }
}

function proposerBody(letter: string, cursor: FieldCursor): ProposerMessage {
  switch (letter) {
    case "g":
      return {
        kind: "greeting",
        tenantId: idOf(parseTenantId(cursor.cstring())),
        timelineId: idOf(parseTimelineId(cursor.cstring())),
        conf: decodeConf(cursor),
        pgVersion: cursor.uint32(),
        systemId: cursor.uint64(),
        segmentBytes: cursor.uint32(),
      };
    case "v":
      return { kind: "vote-request", generation: cursor.uint32(), term: cursor.uint64() };
    case "e":
      return {
        kind: "elected",
        generation: cursor.uint32(),
        term: cursor.uint64(),
        startStreamingAt: cursor.uint64(),
        history: decodeHistory(cursor),
      };
    case "a": {
      const [generation, term, span] = [cursor.uint32(), cursor.uint64(), decodeSpan(cursor)];
      const { beginLsn, commitLsn, truncateLsn } = span;
      const data = decodeWal(cursor, span);
      return { kind: "append-request", generation, term, beginLsn, commitLsn, truncateLsn, data };
    }
    default:
      throw unknownTag(letter);
  }
}

function acceptorParts(message: AcceptorMessage): readonly Buffer[] {
  switch (message.kind) {
    case "greeting":
      return [tag("g"), uint64(message.nodeId), ...confParts(message.conf), uint64(message.term)];
    case "vote-response":
      return [
        tag("v"),
        uint32(message.generation),
        uint64(message.term),
        Buffer.from([message.given ? 1 : 0]),
        uint64(message.flushLsn),
        uint64(message.truncateLsn),
        ...encodeHistory(bigEndian, message.history),
      ];
    case "append-response":
      return [tag("a"), uint32(message.generation), ...encodeAppendResponse(bigEndian, message)];
  }
}

function acceptorBody(letter: string, cursor: FieldCursor): AcceptorMessage {
  switch (letter) {
    case "g":
      return { kind: "greeting", nodeId: cursor.uint64(), conf: decodeConf(cursor), term: cursor.uint64() };
    case "v":
      return {
        kind: "vote-response",
        generation: cursor.uint32(),
        term: cursor.uint64(),
        given: cursor.uint8() !== 0,
        flushLsn: cursor.uint64(),
        truncateLsn: cursor.uint64(),
        history: decodeHistory(cursor),
      };
    case "a":
      return { kind: "append-response", generation: cursor.uint32(), ...decodeAppendResponse(cursor) };
    default:
      throw unknownTag(letter);
  }
}

function confParts({ generation, members, newMembers }: MembershipConf): readonly Buffer[] {
  const parts = ({ nodeId, host, port }: Member): readonly Buffer[] => [uint64(nodeId), cstring(host), uint16(port)];
  return [uint32(generation), ...counted(bigEndian, members, parts), ...counted(bigEndian, newMembers, parts)];
}

function decodeConf(cursor: FieldCursor): MembershipConf {
  const member = (): Member => ({ nodeId: cursor.uint64(), host: cursor.cstring(), port: cursor.uint16() });
  return {
    generation: cursor.uint32(),
    members: cursor.items(memberBytesMin, member),
    newMembers: cursor.items(memberBytesMin, member),
  };
}

function idOf<T>(id: T | undefined): T {
  if (id === undefined) throw new ProtocolError("a greeting with an id that is none");
  return id;
}

function tag(letter: string): Buffer {
  return Buffer.from(letter, "latin1");
}

function unknownTag(letter: string): ProtocolError {
  return new ProtocolError(`unknown message ${JSON.stringify(letter)} in a conversation of protocol version 3`);
}
