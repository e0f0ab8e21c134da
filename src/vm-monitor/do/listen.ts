import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { BlockList } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { formatSocketAddress, type SocketAddress } from "../address.ts";
import { isAmong } from "./peers.ts";

/** The listener of the monitor. */
export interface MonitorListener {
  /** Where it listens, with the port that the kernel chose. */
  readonly address: SocketAddress;
  /** Takes no more agents; those that are there stay. */
  close(): void;
}

/** The one route (VM-5). */
const path = "/monitor";
/** No agent has more to say; with the answers, the agent's own limit is 32 KiB. */
const messageBytesMax = 65_536;
const headMsMax = 5_000;
const connectionsMax = 64;

/**
 * Listens for agents (VM-5): a WebSocket on `GET /monitor`, without subprotocol, extensions or authorization.
 * @param peers those that may connect; null for everybody
 * @throws Error with the system's code when the address cannot be had
 */
export async function listenForAgents(
  { host, port }: SocketAddress,
  peers: BlockList | null,
  onAgent: (socket: WebSocket, peer: string) => void,
  onError: (error: Error) => void,
): Promise<MonitorListener> {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    perMessageDeflate: false,
    clientTracking: false,
  });
  const server = createServer({ headersTimeout: headMsMax, requestTimeout: headMsMax }, (request, response) => {
    const status = refusal(request, peers) ?? 400;
    response.writeHead(status, {
      "content-type": "text/plain; charset=utf-8",
      connection: "close",
      ...allowed(status),
    });
    response.end(`${STATUS_CODES[status]}\n`);
  });
  server.maxConnections = connectionsMax;
  server.on("upgrade", (request, connection, head) => {
    const status = refusal(request, peers) ?? (request.headers["sec-websocket-version"] === "13" ? undefined : 400);
    if (status !== undefined) return refuse(connection, status);
    sockets.handleUpgrade(request, connection, head, (socket) => onAgent(socket, peerOf(request)));
  });
  server.listen({ host, port });
  await once(server, "listening");
  server.on("error", onError);
  return {
    address: { host, port: portOf(server) },
    close: () => {
      server.close();
      // Agents have left the server with their upgrade: these are others, or have not got so far.
      server.closeAllConnections();
    },
  };
}

/** The status with which a request is turned away before anything else is looked at. */
function refusal({ method, url = "", socket }: IncomingMessage, peers: BlockList | null): number | undefined {
  if (peers !== null && !isAmong(peers, socket.remoteAddress ?? "")) return 403;
  if (url.split("?")[0] !== path) return 404;
  return method === "GET" ? undefined : 405;
}

function allowed(status: number): Readonly<Record<string, string>> {
  return status === 405 ? { allow: "GET" } : {};
}

function refuse(connection: Duplex, status: number): void {
  connection.on("error", () => {});
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
  // The server does not look after it any more: one that its client leaves open would be open, and count, for ever.
  connection.end(head, () => connection.destroy());
}

function peerOf({ socket }: IncomingMessage): string {
  return formatSocketAddress({ host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
