import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { decodeConfig } from "../spec/decode.ts";
import type { RemoteExtensions } from "../spec/types.ts";
import { allowedExtensions, archiveOfSqlName, type Resolution, resolveRequest } from "./resolution.ts";
import { remoteExtensions } from "./test-samples.ts";

const remote = remoteExtensions();

function answer(resolution: Resolution): string {
  return resolution.ok ? resolution.extension : resolution.message;
}

describe("which archive a request is about (EXT-10 to EXT-12, chapter 08's vectors)", () => {
  const vectors = [
    ["zeta", false, "zeta"],
    ["zeta_lib.so", true, "zeta"],
    ["zeta_lib.so.3", true, "zeta"],
    ["zeta_lib.solid", true, "zeta"],
    ["libx.so.3", true, "library libx is not found"],
    ["sub/zeta_lib.so", true, "library sub/zeta_lib is not found"],
    ["other_lib.so", true, "extension other is not found"],
    ["other", false, "extension other is not found"],
    ["acme", false, "acme"],
    ["zeta_lib", false, "extension zeta_lib is not found"],
    ["zeta", true, "library zeta is not found"],
    ["", false, "extension  is not found"],
  ] as const;
  for (const [name, isLibrary, expected] of vectors) {
    it(`${isLibrary ? "library" : "extension"} ${JSON.stringify(name)}: ${expected}`, () => {
      assert.equal(answer(resolveRequest(remote, { name, isLibrary })), expected);
    });
  }

  it("EXT-12: one that is allowed but not described", () => {
    const ghost = remoteExtensions({ publicExtensions: ["zeta", "ghost"] });
    const expected = "real_ext_name ghost is not found";
    assert.equal(answer(resolveRequest(ghost, { name: "ghost", isLibrary: false })), expected);
    assert.equal(answer(resolveRequest(ghost, { name: "ghost_lib.so", isLibrary: true })), expected);
  });

  it("EXT-11: missing lists allow nothing", () => {
    const neither = remoteExtensions({ publicExtensions: null, customExtensions: null });
    assert.equal(answer(resolveRequest(neither, { name: "zeta", isLibrary: false })), "extension zeta is not found");
    assert.deepEqual(allowedExtensions(neither), []);
  });

  it("HTTP vector 29: a library that is unknown, one of an extension that is not offered", () => {
    const demo = remoteExtensions({
      publicExtensions: ["demo"],
      customExtensions: null,
      libraryIndex: new Map([
        ["demolib", "demo"],
        ["other", "zzz"],
      ]),
    });
    assert.equal(answer(resolveRequest(demo, { name: "nope.so", isLibrary: true })), "library nope is not found");
    assert.equal(answer(resolveRequest(demo, { name: "other.so.3", isLibrary: true })), "extension zzz is not found");
  });
});

describe("the production-like fixture (SPEC-35)", () => {
  const text = readFileSync(new URL("../../test/fixtures/primary.config.json", import.meta.url), "utf8");
  const decoded = decodeConfig(text, { source: "file", strict: true });
  assert.ok(decoded.ok && decoded.value.spec !== null);
  const given = decoded.value.spec.remoteExtensions as RemoteExtensions;
  for (const [name, isLibrary, expected] of [
    ["tidecalc", false, "tidecalc"],
    ["postgis_raster-3.so", true, "postgis"],
    ["harbor_private_lib.so.2", true, "harbor_private"],
    ["postgis-3", false, "extension postgis-3 is not found"],
    ["nolib.so", true, "library nolib is not found"],
  ] as const) {
    it(`${name}: ${expected}`, () => {
      assert.equal(answer(resolveRequest(given, { name, isLibrary })), expected);
    });
  }

  it("finds the archive of an extension that travels with another", () => {
    assert.equal(archiveOfSqlName(given, "postgis_raster"), "postgis");
    assert.equal(archiveOfSqlName(given, "postgis"), "postgis");
    assert.equal(archiveOfSqlName(given, "postgis_topology"), undefined);
  });
});

describe("the archive of a SQL extension's name", () => {
  it("is none when the control file belongs to an extension that is not offered", () => {
    const bundled = new Map([["other", { controlData: new Map([["inner.control", ""]]), archivePath: "" }]]);
    assert.equal(archiveOfSqlName(remoteExtensions({ extensionData: bundled }), "inner"), undefined);
    const offered = remoteExtensions({ extensionData: bundled, customExtensions: ["other"] });
    assert.equal(archiveOfSqlName(offered, "inner"), "other");
  });
});
