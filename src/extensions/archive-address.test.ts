import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archiveName, archivePath, archiveUrl, goArchitecture } from "./archive-address.ts";

describe("where an archive is (EXT-2, EXT-3, EXT-4, EXT-6)", () => {
  it("is the vector of chapter 08", () => {
    const build = { buildTag: "oracle", machine: "x86_64", major: 15 };
    const url = archiveUrl("http://h:1/gw/", build, "zeta");
    assert.equal(url.href, "http://h:1/gw/oracle/amd64/v15/extensions/zeta.tar.zst");
  });

  it("is the vector of chapter 02", () => {
    const build = { buildTag: "77", machine: "x86_64", major: 17 };
    assert.equal(archivePath(build, "tidecalc"), "77/amd64/v17/extensions/tidecalc.tar.zst");
  });

  it("EXT-4: speaks of architectures as Go does", () => {
    assert.deepEqual(["x86_64", "aarch64", "riscv64"].map(goArchitecture), ["amd64", "arm64", "riscv64"]);
  });

  it("EXT-6: stays below the gateway's address whatever the names are", () => {
    const build = { buildTag: "http:", machine: "x86_64", major: 15 };
    for (const extension of ["a/../../../../b", "?x=1", "#f", "..", "//evil.test/a"]) {
      const { href } = archiveUrl("http://h:1/gw/", build, extension);
      assert.ok(href.startsWith("http://h:1/gw/http:/amd64/v15/extensions/"), href);
      assert.ok(href.endsWith(".tar.zst"), href);
    }
  });

  it("EXT-34: has a last part that the metric shows", () => {
    assert.equal(archiveName("zeta"), "zeta.tar.zst");
  });
});
