import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { empty } from "./answer.ts";
import { noInput } from "./input.ts";
import { createRouteTable } from "./route-table.ts";
import { answerUnparsed, rawAnswerText } from "./unparsed.ts";

const table = createRouteTable("external", [
  {
    server: "external",
    method: "GET",
    path: "/status",
    auth: "open",
    input: noInput,
    responses: [200],
    handle: () => empty(200),
  },
]);

function answerTo(packet: string, parsed: number): ReturnType<typeof answerUnparsed> {
  return answerUnparsed(table, { code: "HPE_INVALID_METHOD", packet, parsed });
}

describe("answerUnparsed", () => {
  it("answers 405 or 404 to a well-formed request of an unknown method (HTTP-11, HTTP-12)", () => {
    assert.deepEqual(answerTo("FROB /status?x HTTP/1.1\r\n\r\n", 1), { status: 405, allow: "GET,HEAD" });
    assert.deepEqual(answerTo("FROB /nope HTTP/1.1\r\n\r\n", 1), { status: 404 });
  });

  it("looks at the request in which the parser stopped, not at those before it", () => {
    const packet = "GET /nope HTTP/1.1\r\n\r\nFROB /status HTTP/1.1\r\n\r\n";
    assert.deepEqual(answerTo(packet, packet.indexOf("ROB")), { status: 405, allow: "GET,HEAD" });
  });

  it("answers 400 to what has no request line (HTTP-5)", () => {
    for (const packet of ["garbage\r\n\r\n", "\0\0\0", "", "FROB /status HTTP/9.9\r\n\r\n", "F B /status HTTP/1.1"]) {
      assert.deepEqual(answerTo(packet, 1), { status: 400 }, packet);
    }
  });

  it("tells headers that are too long and heads that are too slow from the rest (HTTP-5)", () => {
    const status = (code: string | undefined) => answerUnparsed(table, { code, packet: "", parsed: 0 }).status;
    assert.deepEqual(
      ["HPE_HEADER_OVERFLOW", "ERR_HTTP_REQUEST_TIMEOUT", "HPE_INVALID_URL", undefined].map(status),
      [431, 408, 400, 400],
    );
  });
});

describe("rawAnswerText", () => {
  it("ends the connection and has no body", () => {
    assert.equal(
      rawAnswerText({ status: 405, allow: "POST" }, new Date(0)),
      "HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nallow: POST\r\nConnection: close\r\n\r\n",
    );
  });
});
