import type { Socket } from "node:net";
import { DeadlineError } from "../../base/deadline.ts";
import { ConnectionError, PgServerError } from "../errors.ts";
import { decodeBackend } from "../wire/decode-backend.ts";
import type { BackendMessage } from "../wire/messages.ts";
import { MessageReader } from "../wire/reader.ts";
import type { ByteSource } from "./byte-source.ts";

/**
 * What a server says on a socket, message by message. What has not been asked for waits within bounds, so a slow taker holds up
 * the server and not our memory.
 */
export class BackendStream {
  readonly #socket: Socket;
  readonly #peer: string;
  readonly #reader = new MessageReader({ side: "client" });
  readonly #source: ByteSource;

  /**
   * @param source the bytes of the socket
   * @param peer who is at the other end, for errors
   */
  constructor(socket: Socket, source: ByteSource, peer: string) {
    this.#socket = socket;
    this.#source = source;
    this.#peer = peer;
  }

  /**
   * The next message that is not a notice.
   * @param idleMsMax how long the server may keep silent, in milliseconds
   * @throws PgServerError when it is an ErrorResponse
   * @throws ConnectionError when the connection ends
   * @throws DeadlineError when nothing comes
   * @throws ProtocolError when what comes is no message
   */
  async next(idleMsMax: number): Promise<BackendMessage> {
    for (;;) {
      const message = this.#whole();
      if (message !== undefined) return message;
      await this.#read(idleMsMax);
    }
  }

  /**
   * The copied data that has come meanwhile, in one piece, or that comes next; undefined when another message is next.
   * @throws as {@link next} does
   */
  async nextCopied(idleMsMax: number): Promise<Buffer | undefined> {
    for (;;) {
      const data = this.#reader.copyData();
      if (data !== undefined || this.#reader.isAtOther) return data;
      await this.#read(idleMsMax);
    }
  }

  /** As {@link next}, of what is here already; undefined when that is no whole message. */
  #whole(): BackendMessage | undefined {
    for (let raw = this.#reader.next(); raw !== undefined; raw = this.#reader.next()) {
      const message = decodeBackend(raw);
      if (message?.kind === "errorResponse") throw new PgServerError(message);
      if (message !== undefined && message.kind !== "noticeResponse") return message;
    }
    return undefined;
  }

  async #read(idleMsMax: number): Promise<void> {
    const what = `waiting for ${this.#peer} to go on`;
    const timer = setTimeout(() => this.#socket.destroy(new DeadlineError(what, idleMsMax)), idleMsMax);
    try {
      const chunks = await this.#source.next();
      if (chunks === undefined) {
        throw new ConnectionError(`${this.#peer} closed the connection in the middle of a conversation`);
      }
      for (const chunk of chunks) this.#reader.push(chunk);
    } finally {
      clearTimeout(timer);
    }
  }
}
