import { ByteCursor } from "./byte-cursor.ts";
import { type FrontendMessage, initialCodes, type StatementOrPortal } from "./messages.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { RawMessage } from "./reader.ts";

/**
 * What a client said.
 * @throws ProtocolError for an unknown tag or a malformed body
 */
export function decodeFrontend({ tag, body }: RawMessage): FrontendMessage {
  const cursor = new ByteCursor(body, tag === "" ? "startup" : `frontend ${tag}`);
  const message = tag === "" ? decodeInitial(cursor) : decodeTagged(tag, cursor);
  cursor.end();
  return message;
}

function decodeInitial(cursor: ByteCursor): FrontendMessage {
  const code = cursor.int32();
  switch (code) {
    case initialCodes.startup:
      return { kind: "startup", params: decodeParams(cursor) };
    case initialCodes.sslRequest:
      return { kind: "sslRequest" };
    case initialCodes.gssencRequest:
      return { kind: "gssencRequest" };
    case initialCodes.cancelRequest:
      return { kind: "cancelRequest", processId: cursor.int32(), secretKey: cursor.int32() };
    default:
      throw new ProtocolError(`unsupported protocol version ${code >> 16}.${code & 0xffff}`);
  }
}

function decodeTagged(tag: string, cursor: ByteCursor): FrontendMessage {
  switch (tag) {
    case "p":
      return { kind: "password", password: cursor.cstring() };
    case "Q":
      return { kind: "query", text: cursor.cstring() };
    case "P":
      return {
        kind: "parse",
        statement: cursor.cstring(),
        text: cursor.cstring(),
        parameterTypes: cursor.list(() => cursor.int32()),
      };
    case "D":
      return { kind: "describe", target: decodeTarget(cursor), name: cursor.cstring() };
    case "B":
      return decodeBind(cursor);
    case "E":
      return { kind: "execute", portal: cursor.cstring(), rowLimit: cursor.int32() };
    case "S":
      return { kind: "sync" };
    case "C":
      return { kind: "close", target: decodeTarget(cursor), name: cursor.cstring() };
    case "X":
      return { kind: "terminate" };
    case "d":
      return { kind: "copyData", data: cursor.take(cursor.remaining) };
    case "c":
      return { kind: "copyDone" };
    case "f":
      return { kind: "copyFail", message: cursor.cstring() };
    default:
      throw new ProtocolError(`unknown frontend message ${JSON.stringify(tag)}`);
  }
}

function decodeParams(cursor: ByteCursor): ReadonlyMap<string, string> {
  const params = new Map<string, string>();
  for (let name = cursor.cstring(); name !== ""; name = cursor.cstring()) params.set(name, cursor.cstring());
  return params;
}

function decodeBind(cursor: ByteCursor): FrontendMessage {
  const [portal, statement] = [cursor.cstring(), cursor.cstring()];
  cursor.list(() => cursor.int16());
  if (cursor.int16() !== 0) throw new ProtocolError("Bind carries parameters, which no command here has");
  return { kind: "bind", portal, statement, resultFormats: cursor.list(() => cursor.int16()) };
}

function decodeTarget(cursor: ByteCursor): StatementOrPortal {
  const target = cursor.char();
  if (target === "S" || target === "P") return target;
  throw new ProtocolError(`neither a statement nor a portal: ${JSON.stringify(target)}`);
}
