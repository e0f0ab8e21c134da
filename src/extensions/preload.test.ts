import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cluster, GenericOption } from "../spec/types.ts";
import { ForbiddenPreloadError, remotePreloads, resolvePreloads } from "./preload.ts";
import { remoteExtensions } from "./test-samples.ts";

const remote = remoteExtensions({
  libraryIndex: new Map(["a", "b", "neon", "databricks_auth", "other_lib"].map((library) => [library, "zeta"])),
});

function cluster(settings: string | null, postgresqlConf: string | null = null): Cluster {
  const option = (value: string | null): GenericOption => ({
    name: "shared_preload_libraries",
    value,
    vartype: "string",
  });
  return {
    clusterId: null,
    name: null,
    state: null,
    roles: [],
    databases: [],
    postgresqlConf,
    settings: settings === null ? null : [option(settings), option("b")],
  };
}

describe("preloaded libraries that come from the gateway (EXT-22)", () => {
  for (const [list, expected] of [
    ["a,b", ["a", "b"]],
    ["'a', b", ["a", "b"]],
    ["a b,,a", ["a", "b", "a"]],
    ["neon,a,databricks_auth", ["a"]],
    ["pg_stat_statements,a", ["a"]],
    ["a.so", []],
    ["", []],
  ] as const) {
    it(`of the setting ${JSON.stringify(list)}`, () => {
      assert.deepEqual(remotePreloads(cluster(list), remote), expected);
    });
  }

  for (const [text, expected] of [
    ["shared_preload_libraries='a,b'", ["a", "b"]],
    ["shared_preload_libraries='a'\nfsync=off\nshared_preload_libraries='b'\n", ["b"]],
    ["#shared_preload_libraries='a'", []],
    ["session_preload_libraries='a'", []],
    ["shared_preload_libraries='a' # and b", ["a"]],
    ["shared_preload_libraries='\"a\"'", ["a"]],
  ] as const) {
    it(`of the text ${JSON.stringify(text)}`, () => {
      assert.deepEqual(remotePreloads(cluster(null, text), remote), expected);
    });
  }

  it("trap 8: sees the list in the text also with blanks around the equals sign, or without one", () => {
    for (const text of [
      "shared_preload_libraries = 'a'",
      "  Shared_Preload_Libraries a # b",
      "shared_preload_libraries =a",
    ]) {
      assert.deepEqual(remotePreloads(cluster(null, text), remote), ["a"], text);
    }
  });

  it("takes the first setting only, then the text, and drops nothing that is named twice", () => {
    assert.deepEqual(remotePreloads(cluster("a", "shared_preload_libraries='a'"), remote), ["a", "a"]);
    assert.deepEqual(remotePreloads(cluster("x", "shared_preload_libraries='b'"), remote), ["b"]);
  });
});

describe("the extensions of preloaded libraries (EXT-23)", () => {
  it("are those of the index", () => {
    assert.deepEqual(resolvePreloads(remoteExtensions(), ["zeta_lib", "acme_lib"]), [
      { library: "zeta_lib", extension: "zeta" },
      { library: "acme_lib", extension: "acme" },
    ]);
  });

  it("trap 7: a forbidden one is an error in the original's words that names the library", () => {
    assert.throws(
      () => resolvePreloads(remoteExtensions(), ["zeta_lib", "other_lib"]),
      (error) => {
        assert.ok(error instanceof ForbiddenPreloadError);
        assert.equal(error.library, "other_lib");
        assert.match(error.message, /^extension other is not found: .*library other_lib/);
        return true;
      },
    );
  });
});
