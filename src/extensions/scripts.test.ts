import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hasScripts } from "./scripts.ts";

describe("what Postgres looks at before it asks for a download (EXT-41)", () => {
  const files = ["zeta.control", "zeta--1.0.sql", "zeta--1.0--1.1.sql", "zeta_extra--3.0.sql"];

  it("is a script to create it, or a way to its version", () => {
    assert.deepEqual(
      [null, "1.0", "1.1"].map((version) => hasScripts(files, "zeta", version)),
      [true, true, true],
    );
  });

  it("is not a control file alone, another version, or another extension", () => {
    assert.equal(hasScripts(["zeta.control", "zeta--1.2.control"], "zeta", null), false);
    assert.equal(hasScripts(files, "zeta", "2.0"), false);
    assert.equal(hasScripts(files, "zet", null), false);
    assert.equal(hasScripts([], "zeta", null), false);
  });
});
