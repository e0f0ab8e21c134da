import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isJsonContentType } from "./content-type.ts";

describe("isJsonContentType", () => {
  it("accepts JSON types in any case and with parameters (HTTP-20)", () => {
    for (const type of [
      "application/json",
      "Application/JSON",
      "application/json; charset=utf-8",
      "application/json ;a=b",
      "application/foo+json",
      "application/vnd.x.y+JSON;v=1",
    ]) {
      assert.equal(isJsonContentType(type), true, type);
    }
  });

  it("refuses all others, and a missing one (HTTP-20)", () => {
    assert.equal(isJsonContentType(undefined), false);
    for (const type of ["", "text/json", "application/jsonx", "application/+json", "application/x-json"]) {
      assert.equal(isJsonContentType(type), false, type);
    }
  });
});
