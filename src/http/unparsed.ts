import { findRoute, type RouteTable } from "./route-table.ts";
import { splitTarget } from "./target.ts";

/** What a request gets that the HTTP parser gave up on; always without body and request id. */
export interface RawAnswer {
  readonly status: 400 | 404 | 405 | 408 | 431;
  readonly allow?: string;
}

/** What the parser tells about its failure. */
export interface ParserFailure {
  readonly code: string | undefined;
  /** The bytes it was working on, one character each. */
  readonly packet: string;
  /** How far into the packet it got. */
  readonly parsed: number;
}

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/1\.[01]\r?$/;

/** HTTP-5's answers to what cannot be parsed, and HTTP-12's to a well-formed request whose method the parser does not know. */
export function answerUnparsed(table: RouteTable, { code, packet, parsed }: ParserFailure): RawAnswer {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return { status: 431 };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408 };
    case "HPE_INVALID_METHOD": {
      const lineStart = packet.lastIndexOf("\n", parsed - 1) + 1;
      const [line = ""] = packet.slice(lineStart).split("\n", 1);
      const [, method, target] = requestLine.exec(line) ?? [];
      return method === undefined || target === undefined
        ? { status: 400 }
        : answerUnknownMethod(table, method, target);
    }
    default:
      return { status: 400 };
  }
}

/** The 404 or 405 of a method that no route has, such as CONNECT. */
export function answerUnknownMethod(table: RouteTable, method: string, target: string): RawAnswer {
  const match = findRoute(table, method, splitTarget(target).path);
  return match.kind === "wrong-method" ? { status: 405, allow: match.allow } : { status: 404 };
}

const reasons = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
} as const;

/** The answer as it goes over the wire; the connection ends with it. */
export function rawAnswerText({ status, allow }: RawAnswer, now: Date): string {
  const head = [`HTTP/1.1 ${status} ${reasons[status]}`, "content-length: 0", `Date: ${now.toUTCString()}`];
  if (allow !== undefined) head.push(`allow: ${allow}`);
  return `${[...head, "Connection: close"].join("\r\n")}\r\n\r\n`;
}
