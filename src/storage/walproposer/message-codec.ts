import { type ByteOrder, FieldCursor } from "./fields.ts";
import type { AcceptorMessage, MessageCodec, ProposerMessage } from "./messages.ts";

/** What the versions of the protocol do differently. The letter is the tag of a message. */
export interface CodecParts {
  readonly order: ByteOrder;
  readonly readTag: (cursor: FieldCursor) => string;
  readonly proposerParts: (message: ProposerMessage) => readonly Buffer[];
  readonly proposerBody: (letter: string, cursor: FieldCursor) => ProposerMessage;
  readonly acceptorParts: (message: AcceptorMessage) => readonly Buffer[];
  readonly acceptorBody: (letter: string, cursor: FieldCursor) => AcceptorMessage;
}

/** A codec that takes whole messages: nothing is left over. */
export function codecOf(parts: CodecParts): MessageCodec {
  const decode = <T>(bytes: Buffer, who: string, body: (letter: string, cursor: FieldCursor) => T): T => {
    const cursor = new FieldCursor(bytes, who, parts.order);
    const message = body(parts.readTag(cursor), cursor);
    cursor.end();
    return message;
  };
  return {
    encodeProposer: (message) => Buffer.concat(parts.proposerParts(message)),
    decodeProposer: (bytes) => decode(bytes, "proposer", parts.proposerBody),
    encodeAcceptor: (message) => Buffer.concat(parts.acceptorParts(message)),
    decodeAcceptor: (bytes) => decode(bytes, "acceptor", parts.acceptorBody),
  };
}
