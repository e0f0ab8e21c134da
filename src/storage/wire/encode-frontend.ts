import { cstring, frame, int16, int32, untaggedFrame } from "./byte-encoder.ts";
import { type FrontendMessage, initialCodes } from "./messages.ts";

const noParameterFormats = int16(0);
const noParameters = int16(0);

/**
 * The bytes of a message from client to server.
 * @throws ProtocolError when a text in it holds a NUL
 */
export function encodeFrontend(message: FrontendMessage): Buffer {
  switch (message.kind) {
    case "startup":
      return initial("startup", ...startupParams(message.params));
    case "sslRequest":
      return initial("sslRequest");
    case "gssencRequest":
      return initial("gssencRequest");
    case "cancelRequest":
      return initial("cancelRequest", int32(message.processId), int32(message.secretKey));
    case "password":
      return frame("p", cstring(message.password));
    case "query":
      return frame("Q", cstring(message.text));
    case "parse":
      return frame("P", cstring(message.statement), cstring(message.text), ...list(message.parameterTypes, int32));
    case "describe":
      return frame("D", Buffer.from(message.target), cstring(message.name));
    case "bind":
      return frame(
        "B",
        cstring(message.portal),
        cstring(message.statement),
        noParameterFormats,
        noParameters,
        ...list(message.resultFormats, int16),
      );
    case "execute":
      return frame("E", cstring(message.portal), int32(message.rowLimit));
    case "sync":
      return frame("S");
    case "close":
      return frame("C", Buffer.from(message.target), cstring(message.name));
    case "terminate":
      return frame("X");
    case "copyData":
      return frame("d", message.data);
    case "copyDone":
      return frame("c");
    case "copyFail":
      return frame("f", cstring(message.message));
  }
}

function initial(kind: keyof typeof initialCodes, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat(untaggedFrame(int32(initialCodes[kind]), ...parts));
}

function startupParams(params: ReadonlyMap<string, string>): readonly Buffer[] {
  const pairs = [...params].flatMap(([name, value]) => [cstring(name), cstring(value)]);
  return [...pairs, Buffer.alloc(1)];
}

function list(items: readonly number[], encode: (item: number) => Buffer): readonly Buffer[] {
  return [int16(items.length), ...items.map(encode)];
}
