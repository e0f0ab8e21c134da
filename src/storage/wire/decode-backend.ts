import { ByteCursor } from "./byte-cursor.ts";
import type { BackendMessage, Column, ServerNote } from "./messages.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { RawMessage } from "./reader.ts";

/**
 * What a server said; undefined for the messages that mean nothing to a client of this subset: BackendKeyData,
 * NotificationResponse and NegotiateProtocolVersion.
 * @throws ProtocolError for an unknown tag or a malformed body
 */
export function decodeBackend({ tag, body }: RawMessage): BackendMessage | undefined {
  if (tag === "d") return { kind: "copyData", data: body };
  if (tag === "K" || tag === "A" || tag === "v") return undefined;
  const cursor = new ByteCursor(body, `backend ${tag}`);
  const message = decodeTagged(tag, cursor);
  cursor.end();
  return message;
}

function decodeTagged(tag: string, cursor: ByteCursor): BackendMessage {
  switch (tag) {
    case "R":
      return decodeAuthentication(cursor);
    case "S":
      return { kind: "parameterStatus", name: cursor.cstring(), value: cursor.cstring() };
    case "Z":
      return { kind: "readyForQuery", status: cursor.char() };
    case "1":
      return { kind: "parseComplete" };
    case "t":
      cursor.list(() => cursor.int32());
      return { kind: "parameterDescription" };
    case "n":
      return { kind: "noData" };
    case "2":
      return { kind: "bindComplete" };
    case "3":
      return { kind: "closeComplete" };
    case "T":
      return { kind: "rowDescription", columns: cursor.list(() => decodeColumn(cursor)) };
    case "D":
      return { kind: "dataRow", values: cursor.list(() => decodeValue(cursor)) };
    case "C":
      return { kind: "commandComplete", tag: cursor.cstring() };
    case "I":
      return { kind: "emptyQuery" };
    case "H":
      skipCopyFormats(cursor);
      return { kind: "copyOutResponse" };
    case "W":
      skipCopyFormats(cursor);
      return { kind: "copyBothResponse" };
    case "c":
      return { kind: "copyDone" };
    case "E":
      return { kind: "errorResponse", ...decodeNote(cursor) };
    case "N":
      return { kind: "noticeResponse", ...decodeNote(cursor) };
    default:
      throw new ProtocolError(`unknown backend message ${JSON.stringify(tag)}`);
  }
}

function decodeAuthentication(cursor: ByteCursor): BackendMessage {
  const method = cursor.int32();
  if (method === 0) return { kind: "authenticationOk" };
  if (method === 3) return { kind: "authenticationCleartextPassword" };
  cursor.take(cursor.remaining);
  return { kind: "authenticationOther", method };
}

function decodeColumn(cursor: ByteCursor): Column {
  const name = cursor.cstring();
  cursor.take(6);
  const column = { name, typeOid: cursor.int32(), typeSize: cursor.int16() };
  cursor.take(6);
  return column;
}

function decodeValue(cursor: ByteCursor): string | null {
  const length = cursor.int32();
  return length === -1 ? null : cursor.take(length).toString("utf8");
}

function skipCopyFormats(cursor: ByteCursor): void {
  cursor.take(1);
  cursor.list(() => cursor.int16());
}

function decodeNote(cursor: ByteCursor): ServerNote {
  const fields = new Map<string, string>();
  for (let field = cursor.char(); field !== "\0"; field = cursor.char()) fields.set(field, cursor.cstring());
  return {
    severity: fields.get("S") ?? "ERROR",
    code: fields.get("C") ?? "XX000",
    message: fields.get("M") ?? "",
  };
}
