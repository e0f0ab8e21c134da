import type { Socket } from "node:net";
import { DeadlineError } from "../../base/deadline.ts";
import { ConnectionError, PgServerError } from "../errors.ts";
import { decodeBackend } from "../wire/decode-backend.ts";
import type { BackendMessage } from "../wire/messages.ts";
import { MessageReader } from "../wire/reader.ts";

/**
 * What a server says on a socket, message by message. The socket is read only when a message is asked for and none is
 * there, so a slow taker holds up the server and not our memory.
 */
export class BackendStream {
  readonly #socket: Socket;
  readonly #peer: string;
  readonly #reader = new MessageReader({ side: "client" });
  #chunks: AsyncIterator<Buffer> | undefined;

  /** @param peer who is at the other end, for errors */
  constructor(socket: Socket, peer: string) {
    this.#socket = socket;
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
      const message = this.buffered();
      if (message !== undefined) return message;
      await this.#read(idleMsMax);
    }
  }

  /** As {@link next}, of what is here already; undefined when that is no whole message. */
  buffered(): BackendMessage | undefined {
    for (let raw = this.#reader.next(); raw !== undefined; raw = this.#reader.next()) {
      const message = decodeBackend(raw);
      if (message?.kind === "errorResponse") throw new PgServerError(message);
      if (message !== undefined && message.kind !== "noticeResponse") return message;
    }
    return undefined;
  }

  async #read(idleMsMax: number): Promise<void> {
    this.#chunks ??= this.#socket.iterator({ destroyOnReturn: false });
    const what = `waiting for ${this.#peer} to go on`;
    const timer = setTimeout(() => this.#socket.destroy(new DeadlineError(what, idleMsMax)), idleMsMax);
    try {
      const { done, value } = await this.#chunks.next();
      if (done) throw new ConnectionError(`${this.#peer} closed the connection in the middle of a conversation`);
      this.#reader.push(value);
    } finally {
      clearTimeout(timer);
    }
  }
}
