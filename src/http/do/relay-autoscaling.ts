import { mkdtemp, rm, symlink } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { getSystemErrorMessage } from "node:util";
import { withDeadline } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import type { Answer } from "../answer.ts";
import { failure } from "../answer.ts";

const socketName = "neon-communicator.socket";
/** Until the head of the answer, and between two parts of its body. */
const waitMsMax = 2_000;
/** From this length on, a socket's path may not fit into the kernel's structure (MET-11). */
const pathBytesMax = 100;

/** What a relay may take. */
export interface RelayLimits {
  /** From the connection to the last byte: the agent does not wait longer. */
  readonly totalMs: number;
  readonly bodyBytes: number;
}

const usualLimits: RelayLimits = { totalMs: 5_000, bodyBytes: 4 * 1024 * 1024 };

/**
 * Fetches the metrics of Postgres's communicator and passes status, content type and body on (HTTP-36, MET-10 to MET-12).
 * @param ownText what to answer where Postgres has no communicator at all (MET-19); null for one that has, and whose silence
 * is an error
 */
export async function relayAutoscalingMetrics(
  pgdata: string,
  ownText: (() => Promise<string>) | null,
  limits: RelayLimits = usualLimits,
): Promise<Answer> {
  const path = resolve(pgdata, socketName);
  let socket: Socket;
  try {
    socket = await within("connecting", (signal) => connectShort(path, signal));
  } catch (error) {
    if (ownText !== null) return { status: 200, content: { type: "text/plain; version=0.0.4", text: await ownText() } };
    return failure(500, `connecting to communicator control socket: ${osErrorText(error)}`);
  }
  try {
    const late = setTimeout(() => socket.destroy(new Error("the metrics took too long")), limits.totalMs);
    socket.once("close", () => clearTimeout(late));
    const response = await within("waiting for its answer", () => get(socket));
    const { statusCode: status = 502, headers } = response;
    const stream = Readable.from(atMost(limits.bodyBytes, response), { objectMode: false });
    return { status, content: { type: headers["content-type"], stream } };
  } catch (error) {
    socket.destroy();
    return failure(500, `fetching metrics from Postgres metrics service: ${describeError(error)}`);
  }
}

/** Passes a body on; one that is longer ends in an error. */
async function* atMost(bytesMax: number, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > bytesMax) throw new Error(`the metrics have more than ${bytesMax} bytes`);
    yield part;
  }
}

function within<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withDeadline(what, waitMsMax, new AbortController().signal, work);
}

async function connectShort(path: string, signal: AbortSignal): Promise<Socket> {
  if (Buffer.byteLength(path) < pathBytesMax) return connectTo(path, signal);
  const folder = await mkdtemp(join(tmpdir(), "compute_ctl-relay-"));
  try {
    const alias = join(folder, "s");
    await symlink(path, alias);
    return await connectTo(alias, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function connectTo(path: string, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve: connected, reject } = Promise.withResolvers<void>();
  const socket = connect({ path, signal });
  // The listener stays: an error after the connecting is told by the request, and must not end the process.
  socket.once("connect", connected).on("error", reject);
  await promise;
  return socket;
}

function get(socket: Socket): Promise<IncomingMessage> {
  const { promise, resolve: answered, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpRequest({
    createConnection: () => socket,
    path: "/autoscaling_metrics",
    headers: { host: "localhost" },
  });
  request.removeHeader("connection");
  request.on("error", reject);
  request.once("response", (response) => {
    socket.setTimeout(waitMsMax, () => socket.destroy(new Error("the metrics stopped coming")));
    response.once("close", () => socket.destroy());
    answered(response);
  });
  request.end();
  return promise;
}

/** An operating system's error in the words of its C library, as in `No such file or directory (os error 2)`. */
function osErrorText(error: unknown): string {
  if (!(error instanceof Error && "errno" in error && typeof error.errno === "number")) return describeError(error);
  const text = getSystemErrorMessage(error.errno);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)} (os error ${-error.errno})`;
}
