import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusalOf } from "./guard.ts";

describe("who may have the status page (HTTP-86)", () => {
  it("is who names the machine by an address or localhost, or not at all", () => {
    for (const host of ["127.0.0.1:3081", "localhost", "LOCALHOST:81", "[::1]:3081", "10.0.0.7", "[fd00::1]"]) {
      assert.equal(refusalOf(["Host", host], true), undefined, host);
    }
    assert.equal(refusalOf([], false), undefined);
  });

  it("is not a site whose name was made to point here", () => {
    for (const host of ["evil.example:3081", "localhost.evil.example", "127.0.0.1.evil.example", "", "[::1", "::1:x"]) {
      assert.equal(refusalOf(["host", host], true)?.status, 403, host);
    }
  });

  it("is not another site's script, though a link to the page may stand anywhere", () => {
    const from = (site: string) => ["Host", "localhost:3081", "Sec-Fetch-Site", site];
    for (const site of ["cross-site", "same-site"]) {
      assert.equal(refusalOf(from(site), false)?.status, 403, site);
      assert.equal(refusalOf(from(site), true), undefined, site);
    }
    for (const site of ["same-origin", "none"]) assert.equal(refusalOf(from(site), false), undefined, site);
  });
});
