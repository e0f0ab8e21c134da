import { initialCodes } from "./messages.ts";
import { ProtocolError } from "./protocol-error.ts";

/** A message cut out of the stream. `tag` is empty for the first packets of a connection. `body` may share memory with the input. */
export interface RawMessage {
  readonly tag: string;
  readonly body: Buffer;
}

/** Which end of the connection reads: a server first gets packets without a tag. */
export interface ReaderOptions {
  readonly side: "client" | "server";
  /** The longest message accepted, without its tag. */
  readonly messageBytesMax?: number;
}

const defaultMessageBytesMax = 16 * 1024 * 1024;
const tagBytes = 1;
const lengthBytes = 4;
/** BASE-33. */
const initialBytes = { min: 8, max: 10_000 } as const;
const negotiations: readonly number[] = [initialCodes.sslRequest, initialCodes.gssencRequest];

const copyDataTag = "d".charCodeAt(0);

/** Tags as text, made once: a stream of CopyData asks for one per message. */
const tags: readonly string[] = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));

/**
 * Cuts a byte stream into messages, however the bytes were split on their way. A message that lies within one chunk is
 * handed out without copying; one that spans several is joined once, when all of it is there.
 */
export class MessageReader {
  readonly #messageBytesMax: number;
  readonly #chunks: Buffer[] = [];
  /** Where the unread part of the first chunk begins. */
  #start = 0;
  #buffered = 0;
  /** How much is still to come of a CopyData message whose beginning was handed out. */
  #copyRest = 0;
  #expectsInitial: boolean;

  constructor({ side, messageBytesMax = defaultMessageBytesMax }: ReaderOptions) {
    this.#expectsInitial = side === "server";
    this.#messageBytesMax = messageBytesMax;
  }

  /** How many bytes wait to be read: a part of a message at the end of a connection means that it was cut off. */
  get bufferedBytes(): number {
    return this.#buffered;
  }

  /** @param chunk whose memory is the reader's from now on */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
  }

  /**
   * The next whole message, or undefined until more bytes are pushed.
   * @throws ProtocolError when the message's length is impossible or too long to hold
   */
  next(): RawMessage | undefined {
    if (this.#copyRest > 0) return undefined;
    const headBytes = this.#expectsInitial ? lengthBytes : tagBytes + lengthBytes;
    if (this.#buffered < headBytes) return undefined;
    const head = this.#peek(headBytes);
    const length = head.readInt32BE(headBytes - lengthBytes);
    const tag = this.#expectsInitial ? "" : (tags[head.readUInt8()] ?? "");
    this.#checkLength(tag, length);
    const messageBytes = headBytes - lengthBytes + length;
    if (this.#buffered < messageBytes) return undefined;
    const body = this.#take(messageBytes).subarray(headBytes);
    if (this.#expectsInitial) this.#expectsInitial = negotiations.includes(body.readInt32BE());
    return { tag, body };
  }

  /**
   * The CopyData at the beginning of what is here, in one piece; undefined when there is none. Where its messages begin and end
   * means nothing (BASE-42), so of one that is not here as a whole the beginning is handed out. Nothing is copied to new memory,
   * which would take most of the time: messages of one chunk are moved together within it.
   * @throws ProtocolError as `next` does
   */
  copyData(): Buffer | undefined {
    let data: Buffer | undefined;
    let chunk: Buffer | undefined;
    while (this.#copyRest > 0 || this.#beginCopyData()) {
      const [first] = this.#chunks;
      if (first === undefined || (chunk !== undefined && first !== chunk)) break;
      chunk = first;
      const piece = this.#take(Math.min(this.#copyRest, first.length - this.#start));
      this.#copyRest -= piece.length;
      data = data === undefined ? piece : joinedInPlace(data, piece);
    }
    return data;
  }

  /** Whether a message begins here that is no CopyData. */
  get isAtOther(): boolean {
    return this.#copyRest === 0 && this.#buffered > 0 && this.#chunks[0]?.[this.#start] !== copyDataTag;
  }

  /** Takes the head of a CopyData message that has a body. */
  #beginCopyData(): boolean {
    const headBytes = tagBytes + lengthBytes;
    while (this.#buffered >= headBytes && !this.isAtOther) {
      const length = this.#peek(headBytes).readInt32BE(tagBytes);
      this.#checkLength("d", length);
      this.#take(headBytes);
      this.#copyRest = length - lengthBytes;
      if (this.#copyRest > 0) return true;
    }
    return false;
  }

  #checkLength(tag: string, length: number): void {
    if (this.#expectsInitial) {
      if (length >= initialBytes.min && length <= initialBytes.max) return;
      throw new ProtocolError(`startup packet of ${length} bytes; the peer does not speak the Postgres protocol`);
    }
    if (length < lengthBytes)
      throw new ProtocolError(`message ${JSON.stringify(tag)} has the impossible length ${length}`);
    if (length <= this.#messageBytesMax) return;
    throw new ProtocolError(
      `message ${JSON.stringify(tag)} of ${length} bytes is longer than the limit of ${this.#messageBytesMax}`,
    );
  }

  #peek(bytes: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length - this.#start >= bytes)
      return first.subarray(this.#start, this.#start + bytes);
    return this.#join(bytes);
  }

  #take(bytes: number): Buffer {
    const taken = this.#peek(bytes);
    this.#buffered -= bytes;
    let end = this.#start + bytes;
    let used = 0;
    for (let chunk = this.#chunks[used]; chunk !== undefined && end >= chunk.length; chunk = this.#chunks[used]) {
      end -= chunk.length;
      used += 1;
    }
    if (used > 0) this.#chunks.splice(0, used);
    this.#start = end;
    return taken;
  }

  #join(bytes: number): Buffer {
    const joined = Buffer.allocUnsafe(bytes);
    let filled = 0;
    let start = this.#start;
    for (const chunk of this.#chunks) {
      if (filled === bytes) break;
      filled += chunk.copy(joined, filled, start, start + bytes - filled);
      start = 0;
    }
    return joined;
  }
}

/** Moves `piece`, which lies behind `data` in the same chunk, to its end. */
function joinedInPlace(data: Buffer, piece: Buffer): Buffer {
  const joined = Buffer.from(data.buffer, data.byteOffset, data.length + piece.length);
  piece.copy(joined, data.length);
  return joined;
}
