import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tarContentBytes, tarNameParts, tarPermissions } from "./tar.ts";

describe("members of a tar archive", () => {
  it("take whole blocks, and directories none", () => {
    const sizes = [0, 1, 512, 513].map((size) => tarContentBytes({ type: "file", size }));
    assert.deepEqual(sizes, [0, 512, 512, 1024]);
    assert.equal(tarContentBytes({ type: "directory", size: 700 }), 0);
  });

  it("have names in parts; what leads upwards stays to be seen", () => {
    assert.deepEqual(tarNameParts("/./share//extension/a.sql"), ["share", "extension", "a.sql"]);
    assert.deepEqual(tarNameParts("lib/../../x"), ["lib", "..", "..", "x"]);
    assert.deepEqual(tarNameParts("./"), []);
  });

  it("keep their permissions, and lose the bits that lend rights", () => {
    assert.deepEqual([0o4755, 0o2640, 0o1777, 0o100640].map(tarPermissions), [0o755, 0o640, 0o777, 0o640]);
  });
});
