import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseLogFilter, passes } from "./filter.ts";

describe("RUST_LOG (LIFE-80)", () => {
  const rows = [
    [undefined, "info"],
    ["", "info"],
    ["debug", "debug"],
    ["WARN", "warn"],
    ["off", "off"],
    ["info,hyper=trace", "info"],
    ["hyper=trace", "info"],
    ["warn,compute_tools=debug", "debug"],
    ["compute_ctl=error, debug", "error"],
    ["loud", "info"],
    ["debug,compute_ctl=loud", "info"],
    ["=debug", "info"],
  ] as const;
  for (const [text, filter] of rows) {
    it(`${text === undefined ? "unset" : `"${text}"`} means ${filter}`, () =>
      assert.equal(parseLogFilter(text), filter));
  }

  it("lets lines of its level and heavier ones pass, and none when off", () => {
    assert.equal(passes("warn", "warn"), true);
    assert.equal(passes("error", "warn"), true);
    assert.equal(passes("info", "warn"), false);
    assert.equal(passes("error", "off"), false);
  });
});
