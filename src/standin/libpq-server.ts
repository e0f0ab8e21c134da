import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import { describeError } from "../base/error-chain.ts";
import { decodeFrontend } from "../storage/wire/decode-frontend.ts";
import { encodeBackend } from "../storage/wire/encode-backend.ts";
import type { BackendMessage, FrontendMessage } from "../storage/wire/messages.ts";
import { initialCodes } from "../storage/wire/messages.ts";
import { MessageReader } from "../storage/wire/reader.ts";
import { HangUp } from "./command-failure.ts";
import {
  type ClientInput,
  createSession,
  type LibpqService,
  type ServerCertificate,
  type Session,
} from "./libpq-session.ts";
import { listenLocally, type RunningServer } from "./listen.ts";

const idleMsMax = 10 * 60_000;
const requestBytes = 8;

/**
 * Listens on 127.0.0.1 (port 0: any free one) and serves Neon's part of the libpq protocol (BASE-33 to BASE-35).
 * @throws Error with code EADDRINUSE when the port is taken
 */
export async function startLibpqServer<Fault extends { readonly kind: string }>(
  service: LibpqService<Fault>,
  port = 0,
): Promise<RunningServer> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A client that vanishes is its own affair; the reading loop below ends by it.
    socket.on("error", () => {});
    void serve(socket, service);
  });
  return listenLocally(server, port, () => sockets);
}

async function serve<Fault extends { readonly kind: string }>(
  plain: Socket,
  service: LibpqService<Fault>,
): Promise<void> {
  const fault = service.nextFault();
  if (fault?.kind === "hang-up") return void plain.resetAndDestroy();
  if (fault?.kind === "silent") return void plain.resume();
  plain.setTimeout(idleMsMax, () => plain.destroy());
  const socket = service.tls === undefined ? plain : await secured(plain, service.tls);
  if (socket === undefined) return;
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  const input = readMessages(socket, gone.signal);
  const session = createSession(service, fault, input, (message) => send(socket, message, gone.signal));
  try {
    await converse(socket, input, session);
  } catch (error) {
    if (!(error instanceof HangUp) && !socket.destroyed) {
      process.stderr.write(`stand-in ${service.name}: dropped a connection: ${describeError(error)}\n`);
    }
    socket.destroy();
  }
}

/** The socket after its TLS handshake; undefined for a client that does not ask for one, and is told so (BASE-33). */
async function secured(socket: Socket, { key, cert }: ServerCertificate): Promise<Socket | undefined> {
  let head: Buffer | null = null;
  while (head === null && !socket.destroyed) {
    await Promise.race([once(socket, "readable"), once(socket, "close")]).catch(() => {});
    head = socket.read(requestBytes);
  }
  if (head?.readInt32BE(4) !== initialCodes.sslRequest) {
    const message = "must connect with TLS";
    const refusal = encodeBackend({ kind: "errorResponse", severity: "ERROR", code: "XX000", message });
    socket.end(refusal).resume();
    return undefined;
  }
  socket.write("S");
  const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ key, cert }) });
  secure.on("error", () => {});
  return secure;
}

/** Answers messages one after the other; while one is being answered nothing more is read. */
async function converse(socket: Socket, input: ClientInput, session: Session): Promise<void> {
  for (let message = await input.next(); message !== undefined; message = await input.next()) {
    if ((await session(message)) === "go-on") continue;
    // What is left unread would turn the close into a reset, and the client might lose our last words.
    socket.end().resume();
    return;
  }
}

function readMessages(socket: Socket, signal: AbortSignal): ClientInput {
  const reader = new MessageReader({ side: "server" });
  const messages = cutMessages(socket, reader);
  return {
    signal,
    hasMore: () => reader.bufferedBytes > 0 || socket.readableLength > 0,
    next: async () => {
      const { done, value } = await messages.next();
      return done ? undefined : value;
    },
  };
}

async function* cutMessages(socket: Socket, reader: MessageReader): AsyncGenerator<FrontendMessage, void, undefined> {
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    reader.push(chunk);
    for (let raw = reader.next(); raw !== undefined; raw = reader.next()) yield decodeFrontend(raw);
  }
}

/** Writes a message, and waits while the client is slower than we are. */
async function send(socket: Socket, message: BackendMessage | "deny-tls", signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const bytes = message === "deny-tls" ? "N" : encodeBackend(message);
  if (!socket.write(bytes)) await once(socket, "drain", { signal });
}
