import { describeError } from "../base/error-chain.ts";
import type { GrpcCode, GrpcStatus } from "../storage/grpc/status.ts";
import type { BackendMessage } from "../storage/wire/messages.ts";

/** The classes of errors that Neon's servers tell apart in their replies (BASE-35). */
export type FailureKind = "not-found" | "unauthorized" | "shutting-down" | "reconnect" | "stream-ended" | "other";

/** How the command came: as one Query message, or by Parse and Execute. */
export type QueryProtocol = "simple" | "extended";

/** A command that failed in a way its client is told about; the message is the detail, causes stand below it. */
export class CommandFailure extends Error {
  readonly kind: FailureKind;
  /** How gRPC tells of it, where that does not follow from the kind (BASE-64). */
  readonly grpc: GrpcStatus | undefined;
  constructor(kind: FailureKind, detail: string, options?: ErrorOptions & { readonly grpc?: GrpcStatus }) {
    super(detail, options);
    this.name = "CommandFailure";
    this.kind = kind;
    this.grpc = options?.grpc;
  }
}

/** Thrown to drop the connection without a word, as a crashing server or a cut network would. */
export class HangUp extends Error {
  constructor(why: string) {
    super(why);
    this.name = "HangUp";
  }
}

/** The ErrorResponse for a failed command; its text depends on how the command came (BASE-35). */
export function errorReply(error: CommandFailure, protocol: QueryProtocol): BackendMessage {
  const message = protocol === "simple" ? simpleText(error) : extendedText(error);
  return { kind: "errorResponse", severity: "ERROR", code: sqlStates[error.kind], message };
}

/** The status by which gRPC tells of a failure (BASE-64); an error that is no failure of a command is told without detail. */
export function grpcStatus(error: unknown): GrpcStatus {
  if (!(error instanceof CommandFailure)) return { code: "INTERNAL", message: "internal error" };
  return error.grpc ?? { code: grpcCodes[error.kind], message: describeError(error) };
}

/** Whether the server closes the connection after the error. */
export function closesAfter({ kind }: CommandFailure, protocol: QueryProtocol): boolean {
  return protocol === "simple" && (kind === "shutting-down" || kind === "reconnect");
}

const grpcCodes: Readonly<Record<FailureKind, GrpcCode>> = {
  "not-found": "NOT_FOUND",
  unauthorized: "PERMISSION_DENIED",
  "shutting-down": "UNAVAILABLE",
  reconnect: "UNAVAILABLE",
  "stream-ended": "CANCELLED",
  other: "INTERNAL",
};

const sqlStates: Readonly<Record<FailureKind, string>> = {
  "not-found": "XX000",
  unauthorized: "XX000",
  "shutting-down": "57P01",
  reconnect: "08006",
  "stream-ended": "00000",
  other: "XX000",
};

function simpleText(error: CommandFailure): string {
  switch (error.kind) {
    case "not-found":
      return "not found";
    case "unauthorized":
      return "JWT authentication error";
    case "shutting-down":
      return "shutdown";
    case "reconnect":
      return "reconnect";
    case "stream-ended":
    case "other":
      return describeError(error);
  }
}

function extendedText(error: CommandFailure): string {
  switch (error.kind) {
    case "not-found":
      return `Not found: ${error.message}`;
    case "unauthorized":
      return `Unauthorized: ${error.message}`;
    case "shutting-down":
      return "Shutting down";
    case "reconnect":
      return "reconnect";
    case "stream-ended":
    case "other":
      return error.message;
  }
}
