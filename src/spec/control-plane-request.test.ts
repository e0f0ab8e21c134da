import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { specUrl } from "./control-plane-request.ts";

describe("specUrl (SPEC-80)", () => {
  it("joins base and id without cleaning up slashes", () => {
    assert.equal(specUrl("http://h", "c").href, "http://h/compute/api/v2/computes/c/spec");
    assert.equal(specUrl("http://h/base/", "c").pathname, "/base//compute/api/v2/computes/c/spec");
    assert.equal(specUrl("http://h", "ep/1").pathname, "/compute/api/v2/computes/ep/1/spec");
  });

  it("encodes what could end the path (trap 21)", () => {
    const { pathname, search, hash } = specUrl("http://h", "a?b#c d");
    assert.equal(pathname, "/compute/api/v2/computes/a%3Fb%23c%20d/spec");
    assert.equal(search + hash, "");
  });

  it("refuses what is no URL", () => {
    assert.throws(() => specUrl("no url", "c"), TypeError);
  });
});
