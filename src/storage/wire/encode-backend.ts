import { cstring, frame, int16, int32 } from "./byte-encoder.ts";
import type { BackendMessage, Column, ServerNote } from "./messages.ts";

const noColumns = int16(0);
const textFormat = Buffer.from([0]);
const nullLength = int32(-1);

/**
 * The bytes of a message from server to client.
 * @throws ProtocolError when a text in it holds a NUL
 */
export function encodeBackend(message: BackendMessage): Buffer {
  switch (message.kind) {
    case "authenticationOk":
      return frame("R", int32(0));
    case "authenticationCleartextPassword":
      return frame("R", int32(3));
    case "authenticationOther":
      return frame("R", int32(message.method));
    case "parameterStatus":
      return frame("S", cstring(message.name), cstring(message.value));
    case "readyForQuery":
      return frame("Z", Buffer.from(message.status, "latin1"));
    case "parseComplete":
      return frame("1");
    case "parameterDescription":
      return frame("t", int16(0));
    case "noData":
      return frame("n");
    case "bindComplete":
      return frame("2");
    case "closeComplete":
      return frame("3");
    case "rowDescription":
      return frame("T", int16(message.columns.length), ...message.columns.map(encodeColumn));
    case "dataRow":
      return frame("D", int16(message.values.length), ...message.values.map(encodeValue));
    case "commandComplete":
      return frame("C", cstring(message.tag));
    case "emptyQuery":
      return frame("I");
    case "copyOutResponse":
      return frame("H", textFormat, noColumns);
    case "copyBothResponse":
      return frame("W", textFormat, noColumns);
    case "copyData":
      return frame("d", message.data);
    case "copyDone":
      return frame("c");
    case "errorResponse":
      return frame("E", ...noteFields(message));
    case "noticeResponse":
      return frame("N", ...noteFields(message));
  }
}

/** No table and no type modifier; both sides of this protocol ignore them. */
function encodeColumn({ name, typeOid, typeSize }: Column): Buffer {
  return Buffer.concat([cstring(name), int32(0), int16(0), int32(typeOid), int16(typeSize), int32(-1), int16(0)]);
}

function encodeValue(value: string | null): Buffer {
  if (value === null) return nullLength;
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([int32(bytes.length), bytes]);
}

function noteFields({ severity, code, message }: ServerNote): readonly Buffer[] {
  return [cstring(`S${severity}`), cstring(`C${code}`), cstring(`M${message}`), Buffer.alloc(1)];
}
