import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { decodeBackend } from "../storage/wire/decode-backend.ts";
import { encodeFrontend } from "../storage/wire/encode-frontend.ts";
import type { BackendMessage, FrontendMessage } from "../storage/wire/messages.ts";
import { MessageReader } from "../storage/wire/reader.ts";

/** One side of a conversation with a stand-in server, for its tests: sends what it is told to, and collects replies. */
export interface WireClient {
  send(...messages: readonly FrontendMessage[]): void;
  /** Sends an SSLRequest and returns the answering byte. Only before anything else. */
  askForTls(): Promise<string>;
  take(count: number): Promise<readonly BackendMessage[]>;
  /** Everything up to and with the next ReadyForQuery. */
  untilReady(): Promise<readonly BackendMessage[]>;
  untilClosed(): Promise<readonly BackendMessage[]>;
  untilReadyOrClosed(): Promise<readonly BackendMessage[]>;
}

/** Connects, and sends the startup packet when there are parameters for it. */
export async function connect(port: number, params?: ReadonlyMap<string, string>): Promise<WireClient> {
  const socket = connectSocket({ host: "127.0.0.1", port, noDelay: true });
  // A reset is one of the things that a test provokes; it shows as the end of the messages.
  socket.on("error", () => {});
  await Promise.race([once(socket, "connect"), once(socket, "close")]).catch(() => {});
  const chunks = socket.iterator({ destroyOnReturn: false });
  const reader = new MessageReader({ side: "client" });
  const next = async (): Promise<BackendMessage | undefined> => {
    for (;;) {
      const raw = reader.next();
      if (raw !== undefined) return decodeBackend(raw);
      const chunk = await chunks.next().catch(() => ({ done: true, value: undefined }));
      if (chunk.done) return undefined;
      reader.push(chunk.value);
    }
  };
  const collect = async (isLast: (message: BackendMessage, count: number) => boolean, mayClose: boolean) => {
    const messages: BackendMessage[] = [];
    for (let message = await next(); message !== undefined; message = await next()) {
      messages.push(message);
      if (!isLast(message, messages.length)) continue;
      if (message.kind === "readyForQuery" && mayClose) socket.end();
      return messages;
    }
    if (mayClose) return messages;
    throw new Error(`the server closed the connection after ${messages.map(({ kind }) => kind).join(", ")}`);
  };
  const client: WireClient = {
    send: (...messages) => void socket.write(Buffer.concat(messages.map(encodeFrontend))),
    askForTls: async () => {
      client.send({ kind: "sslRequest" });
      const { value } = await chunks.next();
      return String(value);
    },
    take: (count) => collect((_, taken) => taken === count, false),
    untilReady: () => collect(({ kind }) => kind === "readyForQuery", false),
    untilClosed: () => collect(() => false, true),
    untilReadyOrClosed: () => collect(({ kind }) => kind === "readyForQuery", true),
  };
  if (params !== undefined) client.send({ kind: "startup", params });
  return client;
}

/** The payload of a copy. */
export function copied(messages: readonly BackendMessage[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => (message.kind === "copyData" ? [message.data] : [])));
}

export function kinds(messages: readonly BackendMessage[]): readonly string[] {
  return messages.map(({ kind }) => kind);
}
