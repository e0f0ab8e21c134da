import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSafekeeperOptions } from "./startup-options.ts";

const T = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
const TL = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

describe("startup options of a safekeeper connection (SK-1)", () => {
  it("finds both ids among words it does not know", () => {
    const expected = { tenantId: T, timelineId: TL };
    assert.deepEqual(parseSafekeeperOptions(`-c timeline_id=${TL} tenant_id=${T}`), expected);
    assert.deepEqual(parseSafekeeperOptions(` ztenantid=${T}  ztimelineid=${TL} availability_zone=a`), expected);
  });

  it("leaves out what was not said", () => {
    assert.deepEqual(parseSafekeeperOptions(""), { tenantId: null, timelineId: null });
    assert.deepEqual(parseSafekeeperOptions(`-c timeline_id=${TL}`), { tenantId: null, timelineId: TL });
  });

  it("refuses an id that does not parse, even when a good one follows", () => {
    assert.equal(parseSafekeeperOptions(`tenant_id=xyz tenant_id=${T}`), undefined);
    assert.equal(parseSafekeeperOptions("timeline_id="), undefined);
  });
});
