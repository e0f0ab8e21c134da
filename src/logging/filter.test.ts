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
    ["compute_tools::http=trace", "info"],
    ["loud", "info"],
    ["debug,compute_ctl=loud", "info"],
    ["=debug", "info"],
  ] as const;
  for (const [text, everywhere] of rows) {
    it(`${text === undefined ? "unset" : `"${text}"`} means ${everywhere}`, () =>
      assert.deepEqual(parseLogFilter(text), { everywhere, inSpan: new Map() }));
  }

  it("may name spans, of this program only and without conditions", () => {
    assert.deepEqual(
      parseLogFilter("warn,[HTTP]=off,compute_ctl[apply_config]=DEBUG,hyper[x]=trace,[y{a=1}]=trace,[=info"),
      {
        everywhere: "warn",
        inSpan: new Map([
          ["HTTP", "off"],
          ["apply_config", "debug"],
        ]),
      },
    );
  });

  it("lets lines of its level and heavier ones pass, and none when off", () => {
    assert.equal(passes("warn", "warn"), true);
    assert.equal(passes("error", "warn"), true);
    assert.equal(passes("info", "warn"), false);
    assert.equal(passes("error", "off"), false);
  });
});
