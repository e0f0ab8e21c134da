import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatMicros, formatTimestamp } from "./timestamp.ts";

describe("formatTimestamp", () => {
  for (const [moment, text] of [
    ["2031-04-05T06:07:08.120Z", "2031-04-05T06:07:08.120Z"],
    ["2031-04-05T06:07:08.000Z", "2031-04-05T06:07:08Z"],
  ] as const) {
    it(`writes ${text} (SPEC-90)`, () => assert.equal(formatTimestamp(new Date(moment)), text));
  }
});

describe("formatMicros", () => {
  const second = Date.parse("2031-05-06T07:08:09Z") * 1000;
  for (const [micros, text] of [
    [second + 250_000, "2031-05-06T07:08:09.250+00:00"],
    [second, "2031-05-06T07:08:09+00:00"],
    [second + 123, "2031-05-06T07:08:09.000123+00:00"],
    [second + 999_999, "2031-05-06T07:08:09.999999+00:00"],
    [second + 120_000, "2031-05-06T07:08:09.120+00:00"],
    [-1, "1969-12-31T23:59:59.999999+00:00"],
  ] as const) {
    it(`MON-13: writes ${text}`, () => assert.equal(formatMicros(micros), text));
  }
});
