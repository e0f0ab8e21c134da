import { ProtocolError } from "./protocol-error.ts";

const nul = 0;

/** Reads the fields of one message in order. Every method throws a {@link ProtocolError} when the message is too short. */
export class ByteCursor {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  /** @param what the message's name, for errors */
  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Buffer {
    if (length < 0 || length > this.remaining) throw new ProtocolError(`${this.#what} message is too short`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  int16(): number {
    return this.take(2).readInt16BE();
  }

  int32(): number {
    return this.take(4).readInt32BE();
  }

  /** One byte as a character. */
  char(): string {
    return this.take(1).toString("latin1");
  }

  cstring(): string {
    const end = this.#bytes.indexOf(nul, this.#at);
    if (end < 0) throw new ProtocolError(`${this.#what} message has a text without an end`);
    const text = this.take(end - this.#at).toString("utf8");
    this.#at += 1;
    return text;
  }

  /** Reads a 16-bit count and then that many items. */
  list<T>(item: () => T): readonly T[] {
    const count = this.int16();
    if (count < 0) throw new ProtocolError(`${this.#what} message has a negative count`);
    return Array.from({ length: count }, item);
  }

  /** To be called after the last field. */
  end(): void {
    if (this.remaining > 0) throw new ProtocolError(`${this.#what} message has ${this.remaining} bytes too many`);
  }
}
