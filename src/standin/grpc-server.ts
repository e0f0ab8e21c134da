import { type EventEmitter, once } from "node:events";
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer, type Socket } from "node:net";
import { describeError } from "../base/error-chain.ts";
import { encodeFrame, FrameReader } from "../storage/grpc/frames.ts";
import { codeNumber, encodeMessage, type GrpcStatus } from "../storage/grpc/status.ts";
import { CommandFailure, grpcStatus, HangUp } from "./command-failure.ts";
import type { PageserverFault } from "./faults.ts";
import type { ServerCertificate } from "./libpq-session.ts";
import { listenLocally, type RunningServer } from "./listen.ts";
import type { Caller } from "./page-service.ts";
import type { StorageClaims } from "./token-claims.ts";

/** Answers a call by messages. @throws CommandFailure, HangUp */
export type GrpcMethod = (
  caller: Caller,
  metadata: IncomingHttpHeaders,
  request: Uint8Array,
) => AsyncIterable<Uint8Array>;

export interface GrpcService {
  readonly tls: ServerCertificate | undefined;
  /** The claims of a good token, undefined for a bad one. Null lets everyone in without. */
  readonly verifyToken: ((token: string) => Promise<StorageClaims | undefined>) | null;
  /** Called once for each new connection. */
  nextFault(): PageserverFault | null;
  /** By their path. */
  readonly methods: Readonly<Record<string, GrpcMethod>>;
}

const requestBytesMax = 64 * 1024;
const head = { ":status": 200, "content-type": "application/grpc" } as const;

/** Listens on a free port of 127.0.0.1 and serves gRPC over HTTP/2 with prior knowledge, or over TLS (BASE-60). */
export async function startGrpcServer(service: GrpcService): Promise<RunningServer> {
  const http2: EventEmitter = service.tls === undefined ? createHttp2Server() : createSecureServer({ ...service.tls });
  const sockets = new Map<Socket, PageserverFault | null>();
  const faultOf = (session: Http2Session | undefined): PageserverFault | null => {
    const port = session?.socket.remotePort;
    return [...sockets].find(([socket]) => socket.remotePort === port)?.[1] ?? null;
  };
  http2.on("session", (session: Http2Session) => session.on("error", () => {}));
  http2.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", () => {});
    void serve(stream, headers, service, faultOf(stream.session));
  });
  http2.on("tlsClientError", () => {});
  const server = createServer({ noDelay: true }, (socket) => {
    const fault = service.nextFault();
    sockets.set(socket, fault);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    if (fault?.kind === "hang-up") socket.resetAndDestroy();
    else if (fault?.kind === "silent") socket.resume();
    else http2.emit("connection", socket);
  });
  return listenLocally(server, 0, () => sockets.keys());
}

async function serve(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  service: GrpcService,
  fault: PageserverFault | null,
): Promise<void> {
  let status: GrpcStatus = { code: "OK", message: "" };
  stream.once("wantTrailers", () => stream.sendTrailers(statusHeaders(status)));
  try {
    const request = await readRequest(stream);
    const claims = await authorize(headers, service, fault);
    const method = service.methods[headers[":path"] ?? ""];
    if (method === undefined) throw new CommandFailure("other", "", { grpc: { code: "UNIMPLEMENTED", message: "" } });
    for await (const message of method({ claims, fault }, headers, request)) await send(stream, message);
    if (!stream.headersSent) stream.respond(head, { waitForTrailers: true });
    stream.end();
  } catch (error) {
    if (error instanceof HangUp) return void stream.session?.destroy();
    if (stream.destroyed) return;
    if (!(error instanceof CommandFailure)) {
      process.stderr.write(`stand-in pageserver: dropped a call: ${describeError(error)}\n`);
    }
    status = grpcStatus(error);
    if (stream.headersSent) stream.end();
    else stream.respond({ ...head, ...statusHeaders(status) }, { endStream: true });
  }
}

function statusHeaders({ code, message }: GrpcStatus): Readonly<Record<string, string>> {
  const text = message === "" ? {} : { "grpc-message": encodeMessage(message) };
  return { "grpc-status": String(codeNumber(code)), ...text };
}

async function send(stream: ServerHttp2Stream, message: Uint8Array): Promise<void> {
  if (!stream.headersSent) stream.respond(head, { waitForTrailers: true });
  if (!stream.write(encodeFrame(message))) await drained(stream);
  if (stream.destroyed) throw new HangUp("the client is gone");
}

/** Waits until the client took what was sent, or is gone. */
async function drained(stream: ServerHttp2Stream): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  try {
    await Promise.race([once(stream, "drain", { signal }), once(stream, "close", { signal })]);
  } finally {
    over.abort();
  }
}

async function readRequest(stream: ServerHttp2Stream): Promise<Uint8Array> {
  const reader = new FrameReader(requestBytesMax);
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    reader.push(chunk);
    const request = reader.next();
    if (request !== undefined) return request;
  }
  throw new CommandFailure("other", "no request", { grpc: { code: "INTERNAL", message: "no request" } });
}

/** BASE-64, first three rows. */
async function authorize(
  headers: IncomingHttpHeaders,
  { verifyToken }: GrpcService,
  fault: PageserverFault | null,
): Promise<StorageClaims | null> {
  const fail = (code: GrpcStatus["code"], message: string): never => {
    throw new CommandFailure("unauthorized", message, { grpc: { code, message } });
  };
  if (fault?.kind === "bad-auth") return fail("INVALID_ARGUMENT", "JWT authentication error");
  if (verifyToken === null) return null;
  if (headers.authorization === undefined) return fail("UNAUTHENTICATED", "no authorization header");
  const token = /^Bearer (\S+)$/.exec(headers.authorization)?.[1];
  if (token === undefined) return fail("INVALID_ARGUMENT", "invalid authorization header");
  return (await verifyToken(token)) ?? fail("INVALID_ARGUMENT", "JWT authentication error");
}
