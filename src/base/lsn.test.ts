import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatLsn, parseLsn } from "./lsn.ts";

const vectors: { readonly lsn: readonly { readonly input: string; readonly output: string | null }[] } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/quoting/vectors.json", import.meta.url), "utf8"),
);

const rewritten = (text: string): string | null => {
  const lsn = parseLsn(text);
  return lsn === undefined ? null : formatLsn(lsn);
};

describe("LSN", () => {
  for (const { input, output } of vectors.lsn)
    it(`reads ${JSON.stringify(input)} as ${output ?? "none"}`, () => assert.equal(rewritten(input), output));

  it("takes leading zeros, a plus sign and any case (chapter 02, scalar text forms)", () => {
    assert.equal(rewritten("000000000/0"), "0/0");
    assert.equal(rewritten("+0/+A"), "0/A");
    assert.equal(rewritten("FFFFFFFF/FFFFFFFF"), "FFFFFFFF/FFFFFFFF");
    assert.equal(parseLsn("1/0"), 2n ** 32n);
  });

  it("refuses half of one, a third part, a prefix and inner blanks", () => {
    for (const text of ["1/", "/1", "1/2/3", "0x1/2", "1 /2", "-1/2", "++1/2"])
      assert.equal(parseLsn(text), undefined, text);
  });

  it("reads what it writes", () => {
    fc.assert(fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (lsn) => assert.equal(parseLsn(formatLsn(lsn)), lsn)));
  });
});
