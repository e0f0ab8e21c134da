/*
 * The part of the Postgres protocol 3.0 that computes, pageservers and safekeepers speak with one another (chapter 06 §4).
 * Frontend messages go from the client to the server, backend messages the other way.
 */

/** What Describe and Close are about: a prepared statement or a portal. */
export type StatementOrPortal = "S" | "P";

/** A chunk of a COPY, in either direction. `data` may share memory with what was received: copy it to keep it. */
interface CopyData {
  readonly kind: "copyData";
  readonly data: Buffer;
}

/** The first packets of a connection; they carry no tag. `params` keeps its order on the wire. */
type InitialMessage =
  | { readonly kind: "startup"; readonly params: ReadonlyMap<string, string> }
  | { readonly kind: "sslRequest" }
  | { readonly kind: "gssencRequest" }
  | { readonly kind: "cancelRequest"; readonly processId: number; readonly secretKey: number };

/** Everything a client may send. Bind carries no parameter values: no command of this subset has parameters (BASE-34). */
export type FrontendMessage =
  | InitialMessage
  | CopyData
  | { readonly kind: "password"; readonly password: string }
  | { readonly kind: "query"; readonly text: string }
  | {
      readonly kind: "parse";
      readonly statement: string;
      readonly text: string;
      readonly parameterTypes: readonly number[];
    }
  | { readonly kind: "describe"; readonly target: StatementOrPortal; readonly name: string }
  | {
      readonly kind: "bind";
      readonly portal: string;
      readonly statement: string;
      /** 0 is text, 1 binary. */
      readonly resultFormats: readonly number[];
    }
  | { readonly kind: "execute"; readonly portal: string; readonly rowLimit: number }
  | { readonly kind: "sync" }
  | { readonly kind: "close"; readonly target: StatementOrPortal; readonly name: string }
  | { readonly kind: "terminate" }
  | { readonly kind: "copyDone" }
  | { readonly kind: "copyFail"; readonly message: string };

/** A column of a result. `typeSize` is negative for types of variable length. */
export interface Column {
  readonly name: string;
  readonly typeOid: number;
  readonly typeSize: number;
}

/** The fields S, C and M of an ErrorResponse or a NoticeResponse; Neon's servers send no others (BASE-35). */
export interface ServerNote {
  readonly severity: string;
  /** The SQLSTATE, five characters. */
  readonly code: string;
  readonly message: string;
}

/** Everything a server may send. Row values are in text format. */
export type BackendMessage =
  | CopyData
  | { readonly kind: "authenticationOk" }
  | { readonly kind: "authenticationCleartextPassword" }
  /** Any other demand; `method` is the protocol's number of it, 10 for SCRAM. */
  | { readonly kind: "authenticationOther"; readonly method: number }
  | { readonly kind: "parameterStatus"; readonly name: string; readonly value: string }
  /** `status` is I when idle, T in a transaction, E in a failed one. */
  | { readonly kind: "readyForQuery"; readonly status: string }
  | { readonly kind: "parseComplete" }
  /** Always of zero parameters. */
  | { readonly kind: "parameterDescription" }
  | { readonly kind: "noData" }
  | { readonly kind: "bindComplete" }
  | { readonly kind: "closeComplete" }
  | { readonly kind: "rowDescription"; readonly columns: readonly Column[] }
  | { readonly kind: "dataRow"; readonly values: readonly (string | null)[] }
  | { readonly kind: "commandComplete"; readonly tag: string }
  | { readonly kind: "emptyQuery" }
  /** Announced in text format with no columns. */
  | { readonly kind: "copyOutResponse" }
  | { readonly kind: "copyBothResponse" }
  | { readonly kind: "copyDone" }
  | ({ readonly kind: "errorResponse" } & ServerNote)
  | ({ readonly kind: "noticeResponse" } & ServerNote);

/** The codes that stand where a startup packet has its protocol version. */
export const initialCodes = {
  startup: 0x0003_0000,
  sslRequest: 80_877_103,
  gssencRequest: 80_877_104,
  cancelRequest: 80_877_102,
} as const;
