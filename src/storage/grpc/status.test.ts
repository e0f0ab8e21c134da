import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { codeNumber, decodeMessage, encodeMessage, readStatus, refusedHead } from "./status.ts";

describe("the status of a gRPC call (BASE-64)", () => {
  it("is a number and a message in percent encoding", () => {
    assert.deepEqual(readStatus({ "grpc-status": "5", "grpc-message": "Tenant %E2%80%9Cx%E2%80%9D%0A" }), {
      code: "NOT_FOUND",
      message: "Tenant “x”\n",
    });
    assert.deepEqual(readStatus({ "grpc-status": "0" }), { code: "OK", message: "" });
    assert.equal(codeNumber("UNAUTHENTICATED"), 16);
  });

  it("is undefined when there is none, and unknown when it makes no sense", () => {
    assert.equal(readStatus({}), undefined);
    for (const text of ["17", "x", "-1", "", "1e1"]) assert.equal(readStatus({ "grpc-status": text })?.code, "UNKNOWN");
  });

  it("follows from the HTTP status of what is no gRPC server", () => {
    const of = (status: number, type = "text/html") => refusedHead({ ":status": status, "content-type": type });
    assert.equal(of(200, "application/grpc"), undefined);
    assert.equal(of(200, "application/grpc+proto"), undefined);
    assert.equal(of(200, "application/grpcx")?.code, "UNKNOWN");
    assert.deepEqual(of(200), { code: "UNKNOWN", message: 'the server\'s answer has the content type "text/html"' });
    assert.deepEqual(
      [401, 403, 404, 503, 500].map((status) => of(status)?.code),
      ["UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED", "UNAVAILABLE", "UNKNOWN"],
    );
  });

  it("messages come back as they were, whatever they are", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        assert.match(encodeMessage(text), /^[\x20-\x7e]*$/);
        assert.equal(decodeMessage(encodeMessage(text)), text);
      }),
    );
    assert.equal(decodeMessage("100%"), "100%");
    assert.equal(decodeMessage("%FF%zz"), "%FF%zz");
  });
});
