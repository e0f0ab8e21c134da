import { createServer, type Socket } from "node:net";
import { decodeFrontend } from "../wire/decode-frontend.ts";
import { encodeBackend } from "../wire/encode-backend.ts";
import type { BackendMessage, FrontendMessage } from "../wire/messages.ts";
import { MessageReader } from "../wire/reader.ts";

/** The server's end of one connection. */
export interface FakePeer {
  readonly socket: Socket;
  /** The next message of the client; undefined when it is gone. */
  next(): Promise<FrontendMessage | undefined>;
  /** Reads until a message of that kind, and returns all that came with it as the last. */
  until(kind: FrontendMessage["kind"]): Promise<readonly FrontendMessage[]>;
  send(...messages: readonly BackendMessage[]): void;
}

/** A server for tests, on an address of its own. */
export interface FakeServer {
  readonly port: number;
  /** How many clients came. */
  connections(): number;
  close(): void;
}

/** Starts a server that holds one scripted talk per connection and then hangs up. */
export async function startFakeServer(talk: (peer: FakePeer, index: number) => Promise<void>): Promise<FakeServer> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const index = sockets.push(socket) - 1;
    socket.on("error", () => {});
    talk(fakePeer(socket), index).then(
      () => socket.destroySoon(),
      (error: Error) => socket.destroy(error),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    connections: () => sockets.length,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Logs a client in without asking for anything; returns its startup parameters. */
export async function trust(peer: FakePeer): Promise<ReadonlyMap<string, string>> {
  const message = await peer.next();
  peer.send(
    { kind: "authenticationOk" },
    { kind: "parameterStatus", name: "client_encoding", value: "UTF8" },
    { kind: "readyForQuery", status: "I" },
  );
  return message?.kind === "startup" ? message.params : new Map();
}

/** Takes the requests of a base backup and answers up to the first CopyData; returns the command. */
export async function beginCopy(peer: FakePeer): Promise<string> {
  const [parse] = await peer.until("execute");
  peer.send(
    { kind: "parseComplete" },
    { kind: "parameterDescription" },
    { kind: "noData" },
    { kind: "readyForQuery", status: "I" },
    { kind: "bindComplete" },
    { kind: "copyOutResponse" },
  );
  return parse?.kind === "parse" ? parse.text : "";
}

/** What ends a copy that went well. */
export const copyEnd: readonly BackendMessage[] = [
  { kind: "copyDone" },
  { kind: "commandComplete", tag: "SELECT 1" },
  { kind: "readyForQuery", status: "I" },
];

/** An ErrorResponse as Neon's servers send it. */
export function serverError(message: string): BackendMessage {
  return { kind: "errorResponse", severity: "ERROR", code: "XX000", message };
}

function fakePeer(socket: Socket): FakePeer {
  const reader = new MessageReader({ side: "server" });
  const chunks: AsyncIterator<Buffer> = socket.iterator({ destroyOnReturn: false });
  const next = async (): Promise<FrontendMessage | undefined> => {
    for (;;) {
      const raw = reader.next();
      if (raw !== undefined) return decodeFrontend(raw);
      const { done, value } = await chunks.next();
      if (done) return undefined;
      reader.push(value);
    }
  };
  return {
    socket,
    next,
    until: async (kind) => {
      const messages: FrontendMessage[] = [];
      for (let message = await next(); message !== undefined; message = await next()) {
        messages.push(message);
        if (message.kind === kind) break;
      }
      return messages;
    },
    send: (...messages) => void socket.write(Buffer.concat(messages.map(encodeBackend))),
  };
}
