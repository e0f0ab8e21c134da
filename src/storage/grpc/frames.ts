import { ProtocolError } from "../wire/protocol-error.ts";

const headBytes = 5;
/** gRPC's own default, which the original leaves as it is (BASE-60). */
const defaultMessageBytesMax = 4 * 1024 * 1024;

/** A message as it travels: a flag for compression, which is never used here, and its length. */
export function encodeFrame(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headBytes + message.length);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, headBytes);
  return frame;
}

/** Cuts a stream into messages, however its bytes were split on their way; each is joined once, when all of it is there. */
export class FrameReader {
  readonly #messageBytesMax: number;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  /** Of the message that comes next; undefined until its head is there. */
  #messageBytes: number | undefined;

  constructor(messageBytesMax: number = defaultMessageBytesMax) {
    this.#messageBytesMax = messageBytesMax;
  }

  /** Whether the stream may end here: a message that has begun is cut off otherwise. */
  get isBetweenMessages(): boolean {
    return this.#buffered === 0 && this.#messageBytes === undefined;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
  }

  /**
   * The next whole message, or undefined until more bytes are pushed. It may share memory with what was pushed.
   * @throws ProtocolError when it is compressed or too long to hold
   */
  next(): Uint8Array | undefined {
    if (this.#messageBytes === undefined) {
      if (this.#buffered < headBytes) return undefined;
      this.#messageBytes = this.#readHead(Buffer.from(this.#take(headBytes)));
    }
    if (this.#buffered < this.#messageBytes) return undefined;
    const message = this.#take(this.#messageBytes);
    this.#messageBytes = undefined;
    return message;
  }

  #readHead(head: Buffer): number {
    const flag = head.readUInt8(0);
    if (flag !== 0)
      throw new ProtocolError(`a gRPC message with the flag ${flag}, although none was asked to be compressed`);
    const length = head.readUInt32BE(1);
    if (length <= this.#messageBytesMax) return length;
    throw new ProtocolError(`a gRPC message of ${length} bytes is longer than the limit of ${this.#messageBytesMax}`);
  }

  #take(bytes: number): Uint8Array {
    this.#buffered -= bytes;
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= bytes) {
      if (first.length === bytes) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(bytes);
      return first.subarray(0, bytes);
    }
    const joined = new Uint8Array(bytes);
    let filled = 0;
    let used = 0;
    for (let chunk = this.#chunks[used]; filled < bytes && chunk !== undefined; chunk = this.#chunks[used]) {
      const part = chunk.subarray(0, bytes - filled);
      joined.set(part, filled);
      filled += part.length;
      if (part.length === chunk.length) used += 1;
      else this.#chunks[used] = chunk.subarray(part.length);
    }
    this.#chunks = this.#chunks.slice(used);
    return joined;
  }
}
