import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseKeywordValues } from "./keyword-values.ts";

describe("parseKeywordValues", () => {
  const read = (text: string) => Object.fromEntries(parseKeywordValues(text) ?? [["malformed", ""]]);

  it("reads pairs as libpq does: blanks around =, quotes, escapes, the last of a key", () => {
    assert.deepEqual(read(" host=localhost port = 5432 "), { host: "localhost", port: "5432" });
    assert.deepEqual(read("password='it\\'s \\\\ x' user=a\\ b dbname=''"), {
      password: "it's \\ x",
      user: "a b",
      dbname: "",
    });
    assert.deepEqual(read("a=1 a=2"), { a: "2" });
    assert.deepEqual(read(""), {});
  });

  it("takes nothing that is no list of pairs", () => {
    for (const text of ["host", "host=a b", "host='a", "a='x'y"])
      assert.equal(parseKeywordValues(text), undefined, text);
  });
});
