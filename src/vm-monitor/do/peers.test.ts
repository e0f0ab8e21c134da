import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isAmong, parsePeers } from "./peers.ts";

describe("who may connect", () => {
  it("is told by addresses and networks of both families", () => {
    const peers = parsePeers("10.1.0.0/16, 192.0.2.7,fd00::/8,::1,fe80::/64");
    for (const address of ["10.1.2.3", "192.0.2.7", "fd12::1", "::1", "::ffff:10.1.2.3", "fe80::1%eth0"]) {
      assert.equal(isAmong(peers, address), true, address);
    }
    for (const address of ["10.2.0.1", "192.0.2.8", "fe80:1::1%eth0", "::ffff:10.2.0.1", "", "x", "%"]) {
      assert.equal(isAmong(peers, address), false, address);
    }
  });

  it("is told by nothing else", () => {
    for (const text of [
      "",
      "localhost",
      "10.0.0.0/33",
      "::/129",
      "10.0.0.0/",
      "10.0.0.0/8/8",
      "10.0.0.1,",
      "10.0.0.0/-1",
    ]) {
      assert.throws(() => parsePeers(text), /is neither an IP address nor a network/, text);
    }
  });
});
