import assert from "node:assert/strict";
import { it } from "node:test";
import { findSetting } from "./find-setting.ts";

it("findSetting takes the first entry of exactly that name, and no later one when that has no value (SPEC-40, CONF-35)", () => {
  const settings = [
    { name: "A", value: "upper", vartype: "string" },
    { name: "a", value: "first", vartype: "string" },
    { name: "a", value: "second", vartype: "string" },
    { name: "b", value: null, vartype: "string" },
    { name: "b", value: "second", vartype: "string" },
  ];
  assert.equal(findSetting(settings, "a"), "first");
  assert.equal(findSetting(settings, "b"), null);
  assert.equal(findSetting(settings, "c"), null);
  assert.equal(findSetting(null, "a"), null);
});
