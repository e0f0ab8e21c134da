import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatSocketAddress, parseSocketAddress } from "./address.ts";

describe("parseSocketAddress (VM-1)", () => {
  it("VM-1: reads an IP address and a port, and writes them back", () => {
    for (const text of ["0.0.0.0:10301", "127.0.0.1:0", "[::1]:65535", "[::ffff:1.2.3.4]:1"]) {
      const address = parseSocketAddress(text);
      assert.ok(address !== undefined, text);
      assert.equal(formatSocketAddress(address), text);
    }
  });

  it("VM-1: takes nothing else", () => {
    for (const text of [
      "",
      "localhost:1",
      "1.2.3.4",
      "1.2.3.400:1",
      "1.2.3.4:65536",
      "::1:1",
      "[::1]",
      ":1",
      "1.2.3.4:1 ",
    ]) {
      assert.equal(parseSocketAddress(text), undefined, text);
    }
  });
});
