import type { BackendMessage, FrontendMessage } from "../storage/wire/messages.ts";
import { CommandFailure, closesAfter, errorReply, HangUp, type QueryProtocol } from "./command-failure.ts";
import type { StorageClaims } from "./token-claims.ts";

/** Who is at the other end. `claims` is null where the server trusts everyone. */
export interface Client<Fault> {
  readonly params: ReadonlyMap<string, string>;
  readonly claims: StorageClaims | null;
  /** What is to go wrong with this connection. */
  readonly fault: Fault | null;
}

/** What a client sends, message by message. */
export interface ClientInput {
  /** Undefined when the client is gone. @throws ProtocolError */
  next(): Promise<FrontendMessage | undefined>;
  /** Whether more of it is here already. */
  hasMore(): boolean;
  /** Fires when the client is gone. */
  readonly signal: AbortSignal;
}

/** The server's end of a COPY BOTH. */
export interface CopyChannel extends Pick<ClientInput, "hasMore" | "signal"> {
  /** What the client says next; undefined when it ended the copy. @throws HangUp when it says something else */
  receive(): Promise<Buffer | undefined>;
  send(data: Buffer): Promise<void>;
}

/** A part of the reply to a command. After `copyBoth` the connection never comes back to queries (SK-2). */
export type Reply =
  | BackendMessage
  | { readonly kind: "copyBoth"; readonly converse: (channel: CopyChannel) => Promise<void> };

/** Answers a command with the parts of its reply, up to CommandComplete. @throws CommandFailure, HangUp */
export type RunCommand = (command: string) => AsyncIterable<Reply>;

/** What a server shows of itself in a TLS handshake: key and certificate in PEM. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/** What a server does behind the protocol. */
export interface LibpqService<Fault extends { readonly kind: string }> {
  readonly name: string;
  /** Set where clients must connect with TLS. */
  readonly tls?: ServerCertificate | undefined;
  /** The claims of a good token, undefined for a bad one. Null lets everyone in without a password. */
  readonly verifyToken: ((token: string) => Promise<StorageClaims | undefined>) | null;
  /** Called once for each new connection. */
  nextFault(): Fault | null;
  /** Called when a client has logged in. @throws HangUp when its startup parameters make no sense */
  open(client: Client<Fault>): RunCommand;
}

/** Takes what a client said, answers it, and tells whether the conversation goes on. @throws HangUp on nonsense */
export type Session = (message: FrontendMessage) => Promise<"go-on" | "end">;

/** Sends one message and waits while the client is slow; `deny-tls` is the single byte `N`. */
export type Send = (message: BackendMessage | "deny-tls") => Promise<void>;

type State =
  | { readonly phase: "startup" }
  | { readonly phase: "password"; readonly params: ReadonlyMap<string, string> }
  | { readonly phase: "ready"; readonly run: RunCommand };

const idle: BackendMessage = { kind: "readyForQuery", status: "I" };

/** One connection's side of the conversation, from the first packet on (BASE-33, BASE-34). */
export function createSession<Fault extends { readonly kind: string }>(
  service: LibpqService<Fault>,
  fault: Fault | null,
  input: ClientInput,
  send: Send,
): Session {
  const verifyToken = fault?.kind === "bad-auth" ? async () => undefined : service.verifyToken;
  let state: State = { phase: "startup" };
  /** The one statement that is remembered, whatever name it was given. */
  let statement = "";
  let skipsToSync = false;

  const sendAll = async (...messages: readonly BackendMessage[]): Promise<"go-on"> => {
    for (const message of messages) await send(message);
    return "go-on";
  };

  const welcome = async (params: ReadonlyMap<string, string>, claims: StorageClaims | null): Promise<"go-on"> => {
    state = { phase: "ready", run: service.open({ params, claims, fault }) };
    const reported = claims === null ? trustParameters : jwtParameters;
    return sendAll({ kind: "authenticationOk" }, ...reported, idle);
  };

  const start = async (message: FrontendMessage): Promise<"go-on"> => {
    switch (message.kind) {
      case "sslRequest":
      case "gssencRequest":
        await send("deny-tls");
        return "go-on";
      case "startup":
        if (verifyToken === null) return welcome(message.params, null);
        state = { phase: "password", params: message.params };
        return sendAll({ kind: "authenticationCleartextPassword" });
      default:
        throw new HangUp(`${message.kind} before the startup packet`);
    }
  };

  const logIn = async (message: FrontendMessage, params: ReadonlyMap<string, string>): Promise<"go-on" | "end"> => {
    if (message.kind !== "password") throw new HangUp(`${message.kind} instead of a password`);
    const claims = await verifyToken?.(message.password);
    if (claims !== undefined) return welcome(params, claims);
    await send(errorReply(new CommandFailure("unauthorized", "bad token"), "simple"));
    return "end";
  };

  const sendReply = async (reply: Reply): Promise<void> => {
    if (reply.kind !== "copyBoth") return send(reply);
    await send({ kind: "copyBothResponse" });
    await reply.converse(copyChannel(input, send));
  };

  const perform = async (run: RunCommand, text: string, protocol: QueryProtocol): Promise<"go-on" | "end"> => {
    let copies = false;
    try {
      for await (const reply of run(text)) {
        copies ||= reply.kind === "copyBoth";
        await sendReply(reply);
      }
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      await send(errorReply(error, protocol));
      if (closesAfter(error, protocol)) return "end";
      skipsToSync = protocol === "extended";
    }
    if (copies) return "end";
    return protocol === "simple" ? sendAll(idle) : "go-on";
  };

  const answer = async (message: FrontendMessage, run: RunCommand): Promise<"go-on" | "end"> => {
    checkAllowed(message);
    if (message.kind === "terminate") return "end";
    if (skipsToSync && message.kind !== "sync") return "go-on";
    switch (message.kind) {
      case "query":
        return perform(run, message.text, "simple");
      case "parse":
        statement = message.text;
        return sendAll({ kind: "parseComplete" });
      case "describe":
        return sendAll({ kind: "parameterDescription" }, { kind: "noData" });
      case "bind":
        return sendAll({ kind: "bindComplete" });
      case "execute":
        return perform(run, statement, "extended");
      case "close":
        return sendAll({ kind: "closeComplete" });
      case "sync":
        skipsToSync = false;
        return sendAll(idle);
      default:
        throw new HangUp(`unexpected ${message.kind}`);
    }
  };

  return (message) => {
    switch (state.phase) {
      case "startup":
        return start(message);
      case "password":
        return logIn(message, state.params);
      case "ready":
        return answer(message, state.run);
    }
  };
}

function copyChannel(input: ClientInput, send: Send): CopyChannel {
  return {
    signal: input.signal,
    hasMore: input.hasMore,
    send: (data) => send({ kind: "copyData", data }),
    receive: async () => {
      const message = await input.next();
      if (message?.kind === "copyData") return message.data;
      if (message === undefined || message.kind === "copyDone" || message.kind === "terminate") return undefined;
      throw new HangUp(`${message.kind} in the middle of a COPY BOTH`);
    },
  };
}

const clientEncoding = { kind: "parameterStatus", name: "client_encoding", value: "UTF8" } as const;
const jwtParameters: readonly BackendMessage[] = [clientEncoding];
const trustParameters: readonly BackendMessage[] = [
  clientEncoding,
  { kind: "parameterStatus", name: "integer_datetimes", value: "on" },
  { kind: "parameterStatus", name: "server_version", value: "14.1" },
];

/** The narrow use of the extended protocol that Neon's servers allow (BASE-34). */
function checkAllowed(message: FrontendMessage): void {
  const refused =
    (message.kind === "parse" && message.parameterTypes.length > 0) ||
    (message.kind === "describe" && message.target !== "S") ||
    ((message.kind === "bind" || message.kind === "execute") && message.portal !== "") ||
    (message.kind === "execute" && message.rowLimit !== 0);
  if (refused) throw new HangUp(`a kind of ${message.kind} that these servers do not know`);
}
