import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConnectionTargetError } from "../errors.ts";
import { authorityOf, parseGrpcTarget } from "./target.ts";

describe("gRPC addresses (BASE-60)", () => {
  const good: readonly (readonly [string, string, boolean])[] = [
    ["grpc://ps-1:51052", "ps-1:51052", false],
    ["grpc://no_user@ps-1:51052/", "ps-1:51052", false],
    ["http://10.0.0.1:80", "10.0.0.1:80", false],
    ["grpcs://ps-1:443", "ps-1:443", true],
    ["https://[fe80::1]:443", "[fe80::1]:443", true],
    ["GRPC://ps-1", "ps-1:51051", false],
  ];
  for (const [text, authority, tls] of good) {
    it(`${text} is ${authority}${tls ? " by TLS" : ""}`, () => {
      const target = parseGrpcTarget(text);
      assert.deepEqual([authorityOf(target), target.tls], [authority, tls]);
    });
  }

  it("Trap 22: without a port it is 51051", () => assert.equal(parseGrpcTarget("grpc://ps").port, 51_051));

  for (const text of [
    "",
    "ps-1:51051",
    "postgresql://secret@ps-1",
    "grpc://",
    "grpc://secret@:1",
    "grpc://ps:0",
    "grpc://ps:70000",
    "grpc://ps:secret",
    "grpc://ps/secret",
    "grpc://ps secret",
  ]) {
    it(`${JSON.stringify(text)} is refused, without being shown`, () => {
      assert.throws(
        () => parseGrpcTarget(text),
        (error) => error instanceof ConnectionTargetError && !error.message.includes("secret"),
      );
    });
  }
});
