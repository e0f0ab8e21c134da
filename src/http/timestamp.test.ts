import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatTimestamp } from "./timestamp.ts";

describe("formatTimestamp", () => {
  const cases: readonly [moment: string, zone: "Z" | "+00:00", text: string][] = [
    ["2031-04-05T06:07:08.120Z", "Z", "2031-04-05T06:07:08.120Z"],
    ["2031-04-05T06:07:08.000Z", "Z", "2031-04-05T06:07:08Z"],
    ["2031-04-05T07:00:00.500Z", "+00:00", "2031-04-05T07:00:00.500+00:00"],
    ["2031-04-05T07:00:00.000Z", "+00:00", "2031-04-05T07:00:00+00:00"],
  ];
  for (const [moment, zone, text] of cases) {
    it(`writes ${text} (SPEC-90)`, () => assert.equal(formatTimestamp(new Date(moment), zone), text));
  }
});
