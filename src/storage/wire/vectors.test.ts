import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeBackend } from "./decode-backend.ts";
import { decodeFrontend } from "./decode-frontend.ts";
import { encodeBackend } from "./encode-backend.ts";
import { encodeFrontend } from "./encode-frontend.ts";
import type { BackendMessage, Column, FrontendMessage } from "./messages.ts";
import { MessageReader, type RawMessage, type ReaderOptions } from "./reader.ts";

const tenant = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
const timeline = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

function textColumn(name: string): Column {
  return { name, typeOid: 25, typeSize: -1 };
}

function startup(params: Readonly<Record<string, string>>): FrontendMessage {
  return { kind: "startup", params: new Map(Object.entries(params)) };
}

/** Client to server, captured from the original where it has such a message. */
const frontendVectors: readonly (readonly [FrontendMessage, string])[] = [
  [{ kind: "sslRequest" }, "0000000804d2162f"],
  [{ kind: "gssencRequest" }, "0000000804d21630"],
  [{ kind: "cancelRequest", processId: 1, secretKey: -2 }, "0000001004d2162e00000001fffffffe"],
  [
    startup({
      client_encoding: "UTF8",
      user: "no_user",
      options: "-c neon.compute_mode=primary",
      application_name: "compute_ctl",
    }),
    "0000006d00030000636c69656e745f656e636f64696e6700555446380075736572006e6f5f75736572006f7074696f6e73002d63206e656f6e2e636f6d707574655f6d6f64653d7072696d617279006170706c69636174696f6e5f6e616d6500636f6d707574655f63746c0000",
  ],
  [
    startup({
      client_encoding: "UTF8",
      user: "no_user",
      options: `-c timeline_id=${timeline} tenant_id=${tenant}`,
    }),
    "0000008e00030000636c69656e745f656e636f64696e6700555446380075736572006e6f5f75736572006f7074696f6e73002d632074696d656c696e655f69643d30663165326433633462356136393738383739366135623463336432653166302074656e616e745f69643d61316232633364346535663630373138323933613462356336643765386639300000",
  ],
  [{ kind: "password", password: "tok" }, "7000000008746f6b00"],
  [
    {
      kind: "parse",
      statement: "s0",
      text: `basebackup ${tenant} ${timeline} 0/1696628 --gzip`,
      parameterTypes: [],
    },
    "5000000067733000626173656261636b757020613162326333643465356636303731383239336134623563366437653866393020306631653264336334623561363937383837393661356234633364326531663020302f31363936363238202d2d677a6970000000",
  ],
  [{ kind: "describe", target: "S", name: "s0" }, "440000000853733000"],
  [{ kind: "sync" }, "5300000004"],
  [{ kind: "bind", portal: "", statement: "s0", resultFormats: [1] }, "4200000010007330000000000000010001"],
  [{ kind: "execute", portal: "", rowLimit: 0 }, "45000000090000000000"],
  [{ kind: "close", target: "S", name: "s0" }, "430000000853733000"],
  [{ kind: "terminate" }, "5800000004"],
  [{ kind: "query", text: "TIMELINE_STATUS" }, "510000001454494d454c494e455f53544154555300"],
  [
    { kind: "query", text: "START_WAL_PUSH (proto_version '3', allow_timeline_creation 'true')" },
    "510000004753544152545f57414c5f50555348202870726f746f5f76657273696f6e202733272c20616c6c6f775f74696d656c696e655f6372656174696f6e202774727565272900",
  ],
  [{ kind: "copyData", data: Buffer.from([1, 2, 3]) }, "6400000007010203"],
  [{ kind: "copyDone" }, "6300000004"],
  [{ kind: "copyFail", message: "no" }, "66000000076e6f00"],
];

/** Server to client. */
const backendVectors: readonly (readonly [BackendMessage, string])[] = [
  [{ kind: "authenticationOk" }, "520000000800000000"],
  [{ kind: "authenticationCleartextPassword" }, "520000000800000003"],
  [{ kind: "authenticationOther", method: 10 }, "52000000080000000a"],
  [
    { kind: "parameterStatus", name: "client_encoding", value: "UTF8" },
    "5300000019636c69656e745f656e636f64696e67005554463800",
  ],
  [
    { kind: "parameterStatus", name: "integer_datetimes", value: "on" },
    "5300000019696e74656765725f6461746574696d6573006f6e00",
  ],
  [
    { kind: "parameterStatus", name: "server_version", value: "14.1" },
    "53000000187365727665725f76657273696f6e0031342e3100",
  ],
  [{ kind: "readyForQuery", status: "I" }, "5a0000000549"],
  [{ kind: "parseComplete" }, "3100000004"],
  [{ kind: "parameterDescription" }, "74000000060000"],
  [{ kind: "noData" }, "6e00000004"],
  [{ kind: "bindComplete" }, "3200000004"],
  [{ kind: "closeComplete" }, "3300000004"],
  [{ kind: "emptyQuery" }, "4900000004"],
  [{ kind: "copyOutResponse" }, "4800000007000000"],
  [{ kind: "copyBothResponse" }, "5700000007000000"],
  [{ kind: "copyData", data: Buffer.from("tar") }, "6400000007746172"],
  [{ kind: "copyDone" }, "6300000004"],
  [{ kind: "commandComplete", tag: "SELECT 1" }, "430000000d53454c454354203100"],
  [{ kind: "commandComplete", tag: "TIMELINE_STATUS" }, "430000001454494d454c494e455f53544154555300"],
  [
    { kind: "rowDescription", columns: [textColumn("flush_lsn"), textColumn("commit_lsn")] },
    "540000003f0002666c7573685f6c736e0000000000000000000019ffffffffffff0000636f6d6d69745f6c736e0000000000000000000019ffffffffffff0000",
  ],
  [
    { kind: "dataRow", values: ["0/1696628", "0/1696628"] },
    "4400000020000200000009302f3136393636323800000009302f31363936363238",
  ],
  [
    { kind: "rowDescription", columns: [textColumn("valid_until")] },
    "5400000024000176616c69645f756e74696c0000000000000000000019ffffffffffff0000",
  ],
  [{ kind: "dataRow", values: ["1790000000000"] }, "440000001700010000000d31373930303030303030303030"],
  [{ kind: "dataRow", values: [null] }, "440000000a0001ffffffff"],
  [
    { kind: "errorResponse", severity: "ERROR", code: "XX000", message: "not found" },
    "450000001e534552524f5200435858303030004d6e6f7420666f756e640000",
  ],
  [
    { kind: "noticeResponse", severity: "NOTICE", code: "00000", message: "hi" },
    "4e00000018534e4f5449434500433030303030004d68690000",
  ],
];

function readAll(side: ReaderOptions["side"], ...chunks: readonly Buffer[]): readonly RawMessage[] {
  const reader = new MessageReader({ side });
  const messages: RawMessage[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let message = reader.next(); message !== undefined; message = reader.next()) messages.push(message);
  }
  assert.equal(reader.bufferedBytes, 0);
  return messages;
}

function cuts(bytes: Buffer): readonly (readonly Buffer[])[] {
  const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  return [single, ...single.map((_, at) => [bytes.subarray(0, at), bytes.subarray(at)])];
}

const isInitial = (message: FrontendMessage): boolean => /startup|Request/.test(message.kind);
/** What makes a server's reader expect tagged messages. */
const login: FrontendMessage = { kind: "startup", params: new Map() };

describe("wire: what a client sends", () => {
  for (const [message, hex] of frontendVectors) {
    it(`${message.kind}: ${hex.slice(0, 24)}`, () => {
      const bytes = Buffer.from(hex, "hex");
      assert.equal(encodeFrontend(message).toString("hex"), hex);
      const before = isInitial(message) ? [] : [login];
      for (const cut of cuts(bytes)) {
        const decoded = readAll("server", ...before.map(encodeFrontend), ...cut).map(decodeFrontend);
        assert.deepEqual(decoded, [...before, message]);
      }
    });
  }

  it("BASE-33: after SSLRequest and GSSENCRequest another packet without tag follows", () => {
    const talk: readonly FrontendMessage[] = [
      { kind: "sslRequest" },
      { kind: "gssencRequest" },
      login,
      { kind: "sync" },
    ];
    const bytes = Buffer.concat(talk.map(encodeFrontend));
    for (const cut of cuts(bytes)) assert.deepEqual(readAll("server", ...cut).map(decodeFrontend), talk);
  });

  it("a text with a NUL cannot smuggle a second field", () => {
    assert.throws(() => encodeFrontend({ kind: "query", text: "a\0b" }), /NUL/);
  });
});

describe("wire: what a server sends", () => {
  for (const [message, hex] of backendVectors) {
    it(`${message.kind}: ${hex.slice(0, 24)}`, () => {
      assert.equal(encodeBackend(message).toString("hex"), hex);
      for (const cut of cuts(Buffer.from(hex, "hex"))) {
        assert.deepEqual(readAll("client", ...cut).map(decodeBackend), [message]);
      }
    });
  }

  it("messages of the other side's concern are passed over", () => {
    const keyData = Buffer.from("4b0000000c0000000100000002", "hex");
    assert.deepEqual(readAll("client", keyData).map(decodeBackend), [undefined]);
  });

  it("a whole conversation survives every cut", () => {
    const bytes = Buffer.from(backendVectors.map(([, hex]) => hex).join(""), "hex");
    const expected = backendVectors.map(([message]) => message);
    for (const cut of cuts(bytes)) assert.deepEqual(readAll("client", ...cut).map(decodeBackend), expected);
  });
});
