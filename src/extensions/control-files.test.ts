import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planControlFiles } from "./control-files.ts";
import { remoteExtensions } from "./test-samples.ts";

function extensionsOf(parts: Parameters<typeof remoteExtensions>[0]): readonly string[] {
  return planControlFiles(remoteExtensions(parts)).files.map(({ extension }) => extension);
}

describe("control files to write (EXT-21)", () => {
  it("are those of extensions that a list names", () => {
    assert.deepEqual(planControlFiles(remoteExtensions()).files, [
      { extension: "zeta", name: "zeta.control", content: "# zeta\n" },
      { extension: "acme", name: "acme.control", content: "# acme\n" },
    ]);
  });

  it("trap 6: are those of all extensions when either list is missing", () => {
    const all = ["zeta", "acme", "other"];
    assert.deepEqual(extensionsOf({ customExtensions: null }), all);
    assert.deepEqual(extensionsOf({ publicExtensions: null }), all);
    assert.deepEqual(extensionsOf({ publicExtensions: [], customExtensions: [] }), []);
  });

  it("EXT-5: may be several for one archive", () => {
    const controlData = new Map([
      ["zeta.control", "1"],
      ["zeta_topology.control", "2"],
    ]);
    const { files } = planControlFiles(
      remoteExtensions({ extensionData: new Map([["zeta", { controlData, archivePath: "" }]]) }),
    );
    assert.deepEqual(
      files.map(({ name }) => name),
      ["zeta.control", "zeta_topology.control"],
    );
  });

  it("trap 6: have names that stay in their folder", () => {
    const names = ["../evil.control", "a/b.control", "..", ".", "", "a\0.control", "fine.control"];
    const controlData = new Map(names.map((name) => [name, "x"]));
    const { files, refused } = planControlFiles(
      remoteExtensions({ extensionData: new Map([["zeta", { controlData, archivePath: "" }]]) }),
    );
    assert.deepEqual(
      files.map(({ name }) => name),
      ["fine.control"],
    );
    assert.deepEqual(refused, names.slice(0, -1));
  });
});
