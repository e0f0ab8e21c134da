import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hexIdProblem, parseTenantId, parseTimelineId } from "./ids.ts";

const id = "00112233445566778899aabbccddeeff";

describe("tenant and timeline ids", () => {
  it("take 32 hex digits of any case and are lower-case inside", () => {
    assert.equal(parseTenantId(id.toUpperCase()), id);
    assert.equal(parseTimelineId(id), id);
  });

  const refused: readonly (readonly [text: string, problem: string])[] = [
    ["", "Invalid string length"],
    [id.slice(2), "Invalid string length"],
    ["abc", "Odd number of digits"],
    [` ${id}`, "Odd number of digits"],
    ["zz", "Invalid string length"],
    [`${id.slice(0, 30)}gg`, "Invalid character 'g' at position 30"],
  ];
  for (const [text, problem] of refused)
    it(`refuse ${JSON.stringify(text)}: ${problem}`, () => {
      assert.equal(hexIdProblem(text), problem);
      assert.equal(parseTenantId(text), undefined);
      assert.equal(parseTimelineId(text), undefined);
    });
});
