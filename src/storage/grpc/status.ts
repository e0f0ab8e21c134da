/** The names of gRPC's status codes; a name's place is its number. */
const codeNames = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

export type GrpcCode = (typeof codeNames)[number];

/** How a call ended, in the server's words. */
export interface GrpcStatus {
  readonly code: GrpcCode;
  readonly message: string;
}

/** Headers or trailers of HTTP/2, as far as they are texts. */
export type GrpcHeaders = Readonly<Record<string, unknown>>;

/** What stands for a status in the answer of something that is not a gRPC server. */
const codeOfHttpStatus: ReadonlyMap<number, GrpcCode> = new Map([
  [400, "INTERNAL"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "UNIMPLEMENTED"],
  [429, "UNAVAILABLE"],
  [502, "UNAVAILABLE"],
  [503, "UNAVAILABLE"],
  [504, "UNAVAILABLE"],
]);

/** The number that travels for a code. */
export function codeNumber(code: GrpcCode): number {
  return codeNames.indexOf(code);
}

/** The status in trailers, or in the headers of an answer that has nothing else; undefined when there is none. */
export function readStatus(headers: GrpcHeaders): GrpcStatus | undefined {
  const text = headers["grpc-status"];
  if (typeof text !== "string") return undefined;
  const code = /^\d{1,2}$/.test(text) ? codeNames[Number(text)] : undefined;
  const message = headers["grpc-message"];
  return { code: code ?? "UNKNOWN", message: typeof message === "string" ? decodeMessage(message) : "" };
}

/** What is wrong with the head of an answer, as a status; undefined when gRPC messages may follow it. */
export function refusedHead(headers: GrpcHeaders): GrpcStatus | undefined {
  const status = Number(headers[":status"]);
  const type = String(headers["content-type"] ?? "none");
  if (status !== 200) {
    return {
      code: codeOfHttpStatus.get(status) ?? "UNKNOWN",
      message: `the server answered with HTTP status ${status}`,
    };
  }
  if (/^application\/grpc(?:$|[+;])/.test(type)) return undefined;
  return { code: "UNKNOWN", message: `the server's answer has the content type ${JSON.stringify(type)}` };
}

/** A message as it stands in the header `grpc-message`: what is not plain ASCII in percent encoding. */
export function encodeMessage(text: string): string {
  return text.replaceAll(/[^\x20-\x24\x26-\x7e]/gu, (character) =>
    [...new TextEncoder().encode(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
}

/** Reads it back; what is no proper encoding is taken as it stands. */
export function decodeMessage(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
