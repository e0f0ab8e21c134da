import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { confValue, dollarQuote, ident, literal } from "./quoting.ts";

interface Vector {
  readonly input: string;
  readonly output: string;
}
const vectors: {
  readonly conf_value: readonly Vector[];
  readonly sql_literal: readonly Vector[];
  readonly sql_identifier: readonly Vector[];
  readonly dollar_quote: readonly (Vector & { readonly outer_tag: string })[];
} = JSON.parse(readFileSync(new URL("../../test/fixtures/quoting/vectors.json", import.meta.url), "utf8"));

const functions = [
  ["ident (CONF-32, SPEC-52)", ident, vectors.sql_identifier],
  ["literal (CONF-31, SPEC-52)", literal, vectors.sql_literal],
  ["confValue (CONF-30, SPEC-52)", confValue, vectors.conf_value],
] as const;

for (const [name, quote, cases] of functions) {
  describe(name, () => {
    for (const { input, output } of cases)
      it(`quotes ${JSON.stringify(input)} as in the vectors`, () => assert.equal(quote(input), output));
  });
}

describe("confValue", () => {
  it("keeps a value with line breaks on its line (CONF-T2, chapter 02 trap 8)", () => {
    assert.equal(confValue("a\nb\r\n"), "'a\\nb\\r\\n'");
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => assert.doesNotMatch(confValue(text), /[\r\n]/)));
  });
});

describe("ident and literal", () => {
  it("leave no quote inside that could end them early", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', "'", "\\", "a", ";") }), (text) => {
        assert.match(ident(text), /^"(?:[^"]|"")*"$/);
        assert.match(literal(text), /^(?:'(?:[^'\\]|'')*'|E'(?:[^'\\]|''|\\\\)*')$/);
      }),
    );
  });
});

describe("dollarQuote", () => {
  for (const { input, output, outer_tag: outerTag } of vectors.dollar_quote)
    it(`quotes ${JSON.stringify(input)} as in the vectors (APPLY-14, CONF-33, SPEC-52)`, () => {
      assert.deepEqual(dollarQuote(input), { quoted: output, outerTag });
    });

  it("gives tags that occur neither in the text nor, for the outer one, in the quoted text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("$", "x", "a") }), (text) => {
        const { quoted, outerTag } = dollarQuote(text);
        assert.ok(!quoted.includes(`$${outerTag}$`));
        assert.equal(quoted.split(`$${outerTag.slice(1)}$`).length, 3);
      }),
    );
  });
});
