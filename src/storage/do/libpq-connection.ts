import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { withDeadline } from "../../base/deadline.ts";
import { type ConnectionTarget, formatHostPort, type HostPort } from "../connection-target.ts";
import { ConnectionError, ConnectionTargetError } from "../errors.ts";
import type { StreamLimits } from "../page-service.ts";
import { firstAttempt, secondAttempt, type TlsAttempt, verificationOf } from "../sslmode.ts";
import { encodeFrontend } from "../wire/encode-frontend.ts";
import type { BackendMessage, FrontendMessage } from "../wire/messages.ts";
import { ProtocolError } from "../wire/protocol-error.ts";
import { BackendStream } from "./backend-stream.ts";
import { type ByteSource, connectDirectly, streamSource } from "./byte-source.ts";
import type { negotiateTls } from "./tls.ts";

/** Where to connect. */
export type LibpqTarget = Pick<ConnectionTarget, "hosts" | "password" | "sslmode" | "keepAlive"> &
  Partial<Pick<ConnectionTarget, "sslRootCert">>;

/** One result row by column name, in text format. */
export type Row = ReadonlyMap<string, string | null>;

/** Who connects, and how long that may take. */
export interface LoginOptions {
  readonly params: ReadonlyMap<string, string>;
  /** Sent in clear when the server asks; wins over a password of the target (BASE-20). */
  readonly token: string | null;
  /** For the name lookup, the connection and the login of one host, in milliseconds. */
  readonly connectMsMax: number;
  /** A file with the authorities to trust where the target names none; null or absent for those that Node knows. */
  readonly caFile?: string | null;
}

const statement = "s0";
/** A query here is a question about state that the server has in memory. */
const queryIdleMsMax = 10_000;

/**
 * Connects to the first host of `target` that takes us (BASE-30), by TLS as its `sslmode` says (BASE-31), and logs in. When
 * `signal` fires, at any time of the connection's life, its pending call rejects with the signal's reason. The caller closes it.
 * @throws ConnectionError with the last host's error as its cause
 */
export async function openLibpq(
  target: LibpqTarget,
  login: LoginOptions,
  signal: AbortSignal,
): Promise<LibpqConnection> {
  let last: ConnectionError | undefined;
  for (const host of target.hosts) {
    try {
      return await openHost(host, target, login, signal);
    } catch (error) {
      signal.throwIfAborted();
      last = new ConnectionError(`could not connect to ${formatHostPort(host)}`, { cause: error });
    }
  }
  throw last ?? new ConnectionTargetError("no host in the connection string");
}

async function openHost(
  host: HostPort,
  target: LibpqTarget,
  login: LoginOptions,
  signal: AbortSignal,
): Promise<LibpqConnection> {
  try {
    return await attempt(host, target, login, firstAttempt(target.sslmode), signal);
  } catch (error) {
    signal.throwIfAborted();
    const second = secondAttempt(target.sslmode, error);
    if (second === undefined) throw error;
    return await attempt(host, target, login, second, signal);
  }
}

async function attempt(
  host: HostPort,
  target: LibpqTarget,
  { params, token, connectMsMax, caFile = null }: LoginOptions,
  tls: TlsAttempt,
  signal: AbortSignal,
): Promise<LibpqConnection> {
  const { sslmode, sslRootCert = null } = target;
  const trust = { verification: verificationOf(sslmode, sslRootCert !== null), caFile: sslRootCert ?? caFile };
  const address = { ...host, noDelay: true, keepAlive: target.keepAlive };
  const direct = tls === "clear" ? connectDirectly(address) : undefined;
  const socket = direct?.socket ?? connect(address);
  // Whoever reads gets the error from the stream; without a listener it would end the process when nobody reads.
  socket.on("error", () => {});
  let connection: LibpqConnection | undefined;
  try {
    return await withDeadline("logging in", connectMsMax, signal, async (limited) => {
      const secured = tls === "clear" ? socket : await secure(socket, host.host, trust, tls === "if-offered", limited);
      limited.throwIfAborted();
      const source = direct?.source ?? streamSource(secured);
      connection = new LibpqConnection(secured, source, formatHostPort(host), signal);
      await connection.login(params, token ?? target.password, connectMsMax);
      return connection;
    });
  } catch (error) {
    connection?.close();
    socket.destroy();
    throw error;
  }
}

/** Loaded only where TLS is asked for. */
async function secure(...args: Parameters<typeof negotiateTls>): Promise<Socket> {
  const { negotiateTls } = await import("./tls.ts");
  return negotiateTls(...args);
}

/** A logged-in connection to a pageserver or a safekeeper; one conversation at a time. */
export class LibpqConnection {
  readonly #socket: Socket;
  readonly #stream: BackendStream;
  readonly #peer: string;
  readonly #unbind: () => void;

  constructor(socket: Socket, source: ByteSource, peer: string, signal: AbortSignal) {
    this.#socket = socket;
    this.#peer = peer;
    this.#stream = new BackendStream(socket, source, peer);
    const onAbort = (): void => void socket.destroy(toError(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    this.#unbind = () => signal.removeEventListener("abort", onAbort);
  }

  /** The conversation of BASE-33, up to the server's first ReadyForQuery. */
  async login(params: ReadonlyMap<string, string>, password: string | null, idleMsMax: number): Promise<void> {
    this.#send({ kind: "startup", params });
    for (;;) {
      const message = await this.#stream.next(idleMsMax);
      switch (message.kind) {
        case "authenticationOk":
        case "parameterStatus":
          break;
        case "authenticationCleartextPassword":
          if (password === null) {
            throw new ConnectionError("the server asks for a token, but the spec has no storage_auth_token");
          }
          this.#send({ kind: "password", password });
          break;
        case "authenticationOther":
          throw new ConnectionError(
            `the server asks for authentication method ${message.method}; storage servers take a token in clear or none`,
          );
        case "readyForQuery":
          return;
        default:
          throw this.#unexpected(message, "the end of the login");
      }
    }
  }

  /** Runs one simple query (BASE-37). */
  async query(text: string): Promise<readonly Row[]> {
    this.#send({ kind: "query", text });
    let names: readonly string[] = [];
    const rows: Row[] = [];
    for (;;) {
      const message = await this.#stream.next(queryIdleMsMax);
      switch (message.kind) {
        case "rowDescription":
          names = message.columns.map(({ name }) => name);
          break;
        case "dataRow":
          rows.push(new Map(names.map((name, index) => [name, message.values[index] ?? null])));
          break;
        case "commandComplete":
        case "emptyQuery":
          break;
        case "readyForQuery":
          return rows;
        default:
          throw this.#unexpected(message, "the end of a query");
      }
    }
  }

  /**
   * Runs a command that answers with a COPY, by the extended protocol (BASE-36), and hands out what is copied. The end
   * comes only when the server said that all went well; an error in the middle or after the data is thrown. All requests
   * go out at once, now, which saves a round trip.
   */
  copyOut(command: string, limits: StreamLimits): AsyncGenerator<Buffer, void, undefined> {
    this.#send(
      { kind: "parse", statement, text: command, parameterTypes: [] },
      { kind: "describe", target: "S", name: statement },
      { kind: "sync" },
      { kind: "bind", portal: "", statement, resultFormats: [1] },
      { kind: "execute", portal: "", rowLimit: 0 },
      { kind: "sync" },
    );
    return this.#copied(limits);
  }

  /** Begins a COPY BOTH by a simple query; from here on nothing but copied data goes both ways (chapter 06 §8). */
  async startCopyBoth(command: string, idleMsMax: number): Promise<void> {
    this.#send({ kind: "query", text: command });
    await this.#expect("copyBothResponse", idleMsMax);
  }

  /** What the server copies to us next; undefined when it ended the copy. */
  async receiveCopyData(idleMsMax: number): Promise<Buffer | undefined> {
    const message = await this.#stream.next(idleMsMax);
    if (message.kind === "copyData") return message.data;
    if (message.kind === "copyDone") return undefined;
    throw this.#unexpected(message, "copyData");
  }

  sendCopyData(data: Buffer): void {
    this.#send({ kind: "copyData", data });
  }

  /** Waits until the socket took what was sent. @throws the socket's error, AbortError when `signal` fires */
  async drained(signal: AbortSignal): Promise<void> {
    if (this.#socket.writableNeedDrain) await once(this.#socket, "drain", { signal });
  }

  /** Sends what is left and closes our half: what the server still says can be read. */
  halfClose(): void {
    this.#socket.end();
  }

  /** Says good-bye, if anybody listens, and lets go of the socket. */
  close(): void {
    this.#unbind();
    if (this.#socket.connecting || !this.#socket.writable) {
      this.#socket.destroy();
    } else {
      this.#send({ kind: "terminate" });
      this.#socket.destroySoon();
    }
  }

  async *#copied({ firstByteMsMax, idleMsMax }: StreamLimits): AsyncGenerator<Buffer, void, undefined> {
    const answers = [
      "parseComplete",
      "parameterDescription",
      "noData",
      "readyForQuery",
      "bindComplete",
      "copyOutResponse",
    ];
    for (const kind of answers) await this.#expect(kind, firstByteMsMax);
    for (let limitMs = firstByteMsMax; ; limitMs = idleMsMax) {
      // Servers send 8 KiB at a time (BASE-42): what is here already goes out in one piece.
      const data = await this.#stream.nextCopied(limitMs);
      if (data !== undefined) {
        yield data;
        continue;
      }
      const message = await this.#stream.next(limitMs);
      if (message.kind === "copyDone") break;
      if (message.kind !== "copyData") throw this.#unexpected(message, "copyData");
      yield message.data;
    }
    await this.#expect("commandComplete", idleMsMax);
    await this.#expect("readyForQuery", idleMsMax);
    this.#send({ kind: "close", target: "S", name: statement }, { kind: "sync" });
  }

  async #expect(kind: string, idleMsMax: number): Promise<void> {
    const message = await this.#stream.next(idleMsMax);
    if (message.kind !== kind) throw this.#unexpected(message, kind);
  }

  #unexpected(message: BackendMessage, expected: string): ProtocolError {
    return new ProtocolError(`${this.#peer} sent ${message.kind} where ${expected} was due`);
  }

  #send(...messages: readonly FrontendMessage[]): void {
    this.#socket.write(Buffer.concat(messages.map(encodeFrontend)));
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new ConnectionError("the connection was given up", { cause: reason });
}
