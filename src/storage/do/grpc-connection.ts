import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2";
import { DeadlineError, withDeadline } from "../../base/deadline.ts";
import { errorCode } from "../../base/error-chain.ts";
import { ConnectionError, GrpcStatusError } from "../errors.ts";
import { encodeFrame, FrameReader } from "../grpc/frames.ts";
import { type GrpcStatus, readStatus, refusedHead } from "../grpc/status.ts";
import { authorityOf, type GrpcTarget } from "../grpc/target.ts";
import type { StreamLimits } from "../page-service.ts";
import { ProtocolError } from "../wire/protocol-error.ts";
import { readAuthorities, tlsError, tlsOptions } from "./tls.ts";

/** How to connect. */
export interface GrpcOptions {
  /** For the name lookup, the connection and the first word of the server, in milliseconds. */
  readonly connectMsMax: number;
  /** A file with the authorities to trust; null for those that Node knows. */
  readonly caFile: string | null;
}

/** How much may be on its way to us: HTTP/2's own 64 KiB hold a base backup up several times over. */
const windowBytes = 4 << 20;

/**
 * Connects to a gRPC server: HTTP/2 without further ado, by TLS where the target says so (BASE-60). When `signal` fires, at any
 * time of the connection's life, its pending call rejects with the signal's reason. The caller closes it.
 * @throws ConnectionError when that does not succeed in time, with the reason as its cause
 */
export async function openGrpc(
  target: GrpcTarget,
  { connectMsMax, caFile }: GrpcOptions,
  signal: AbortSignal,
): Promise<GrpcConnection> {
  const peer = authorityOf(target);
  let session: ClientHttp2Session | undefined;
  try {
    const tls = target.tls
      ? tlsOptions(target.host, { verification: "host", caFile }, await readAuthorities(caFile))
      : {};
    const opened = connect(`${target.tls ? "https" : "http"}://${peer}`, {
      ...tls,
      settings: { enablePush: false, initialWindowSize: windowBytes },
    });
    session = opened;
    // Whoever calls gets the error from the call; without a listener it would end the process between two calls.
    opened.on("error", () => {});
    await withDeadline("connecting", connectMsMax, signal, (limited) => greeted(opened, limited));
    opened.setLocalWindowSize(windowBytes);
    return new GrpcConnection(opened, peer, signal);
  } catch (error) {
    session?.destroy();
    signal.throwIfAborted();
    const cause = target.tls && !(error instanceof DeadlineError) ? tlsOrOther(error, target.host) : error;
    throw new ConnectionError(`could not connect to ${peer}`, { cause });
  }
}

/** Waits for the settings that a server of HTTP/2 sends first. A connection that is reset may close without an error. */
async function greeted(session: ClientHttp2Session, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  session.once("close", () => over.abort(new ConnectionError("the server closed the connection at once")));
  try {
    await once(session, "remoteSettings", { signal: either });
  } catch (error) {
    // A close with an error tells of the error first.
    throw errorCode(error) === "ABORT_ERR" && over.signal.aborted ? over.signal.reason : error;
  }
}

/** A connection to a gRPC server; one call at a time. */
export class GrpcConnection {
  readonly #session: ClientHttp2Session;
  readonly #peer: string;
  readonly #signal: AbortSignal;
  readonly #unbind: () => void;

  constructor(session: ClientHttp2Session, peer: string, signal: AbortSignal) {
    this.#session = session;
    this.#peer = peer;
    this.#signal = signal;
    const onAbort = (): void => session.destroy();
    signal.addEventListener("abort", onAbort, { once: true });
    this.#unbind = () => signal.removeEventListener("abort", onAbort);
  }

  /**
   * Makes a call and hands out the messages that answer it. They end only when the server said OK (BASE-53).
   * @throws GrpcStatusError when it said something else; ConnectionError when it said nothing; DeadlineError when it is silent;
   * ProtocolError when what it said is no gRPC
   */
  async *call(
    path: string,
    metadata: Readonly<Record<string, string>>,
    message: Uint8Array,
    limits: StreamLimits,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    this.#signal.throwIfAborted();
    const call = new Call(this.#session, this.#peer, path, metadata, message);
    try {
      yield* call.messages(limits);
    } catch (error) {
      this.#signal.throwIfAborted();
      throw error;
    } finally {
      call.close();
    }
  }

  /** Makes a call that is answered by one message. */
  async callOnce(
    path: string,
    metadata: Readonly<Record<string, string>>,
    message: Uint8Array,
    limitMs: number,
  ): Promise<Uint8Array> {
    const timed = { ...metadata, "grpc-timeout": `${limitMs}m` };
    let answer: Uint8Array | undefined;
    for await (const each of this.call(path, timed, message, { firstByteMsMax: limitMs, idleMsMax: limitMs })) {
      if (answer !== undefined) throw new ProtocolError(`${this.#peer} answered a call with several messages`);
      answer = each;
    }
    if (answer === undefined) throw new ProtocolError(`${this.#peer} answered a call with no message`);
    return answer;
  }

  close(): void {
    this.#unbind();
    this.#session.close();
    // What is still open is not waited for.
    this.#session.destroy();
  }
}

/** One call on its way. */
class Call {
  readonly #stream: ClientHttp2Stream;
  readonly #peer: string;
  readonly #reader = new FrameReader();
  #head: IncomingHttpHeaders | undefined;
  #trailers: IncomingHttpHeaders | undefined;

  constructor(
    session: ClientHttp2Session,
    peer: string,
    path: string,
    metadata: Readonly<Record<string, string>>,
    message: Uint8Array,
  ) {
    this.#peer = peer;
    this.#stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-accept-encoding": "identity",
      "user-agent": "compute_ctl",
      ...metadata,
    });
    this.#stream.on("error", () => {});
    this.#stream.once("response", (headers) => {
      this.#head = headers;
    });
    this.#stream.once("trailers", (headers) => {
      this.#trailers = headers;
    });
    this.#stream.end(encodeFrame(message));
  }

  async *messages({ firstByteMsMax, idleMsMax }: StreamLimits): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks: AsyncIterator<Buffer> = this.#stream.iterator({ destroyOnReturn: false });
    for (let limitMs = firstByteMsMax; ; limitMs = idleMsMax) {
      const { done, value } = await this.#within(limitMs, () => chunks.next());
      if (done) break;
      this.#checkHead();
      this.#reader.push(value);
      for (let each = this.#reader.next(); each !== undefined; each = this.#reader.next()) yield each;
    }
    if (!this.#stream.closed) await this.#within(idleMsMax, () => once(this.#stream, "close"));
    this.#checkStatus();
  }

  close(): void {
    if (!this.#stream.closed) this.#stream.close();
  }

  #checkHead(): void {
    const refused = this.#head === undefined ? undefined : refusedHead(this.#head);
    if (refused !== undefined) throw new GrpcStatusError(refused);
  }

  #checkStatus(): void {
    const status = this.#status();
    if (status === undefined) throw new ConnectionError(`${this.#peer} ended a call without a status`);
    if (status.code !== "OK") throw new GrpcStatusError(status);
    if (!this.#reader.isBetweenMessages)
      throw new ProtocolError(`${this.#peer} ended a call in the middle of a message`);
  }

  #status(): GrpcStatus | undefined {
    if (this.#head === undefined) return undefined;
    return readStatus(this.#trailers ?? this.#head) ?? refusedHead(this.#head);
  }

  async #within<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
    const late = new DeadlineError(`waiting for ${this.#peer} to go on`, limitMs);
    const timer = setTimeout(() => this.#stream.destroy(late), limitMs);
    try {
      return await work();
    } catch (error) {
      if (error === late) throw error;
      throw new ConnectionError(`the connection to ${this.#peer} broke in the middle of a call`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

function tlsOrOther(error: unknown, host: string): unknown {
  return error instanceof ConnectionError ? error : tlsError(error, host);
}
