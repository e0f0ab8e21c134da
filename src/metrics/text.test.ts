import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { families } from "./families.ts";
import { familyText } from "./text.ts";

const family = { name: "files", type: "gauge", labels: ["name"], help: "Files" } as const;

function lastLine(value: number, label = "a"): string | undefined {
  return familyText(family, [{ labels: [label], value }])
    .trimEnd()
    .split("\n")
    .at(-1);
}

describe("familyText", () => {
  it("leaves a family without samples out, head included (MET-2)", () => {
    assert.equal(familyText(family, []), "");
  });

  it("writes one HELP and one TYPE line, then the samples (MET-2)", () => {
    const samples = ["b", "a"].map((name) => ({ labels: [name], value: 1 }));
    assert.equal(
      familyText(family, samples),
      '# HELP files Files\n# TYPE files gauge\nfiles{name="a"} 1\nfiles{name="b"} 1\n',
    );
  });

  it("escapes backslash, quote and newline in label values, and nothing else (MET-2)", () => {
    assert.equal(lastLine(1, 'a\\b"c\nd\té'), 'files{name="a\\\\b\\"c\\nd\té"} 1');
  });

  it("writes whole numbers without point or exponent, others as they are (MET-2)", () => {
    assert.equal(lastLine(1e21), 'files{name="a"} 1000000000000000000000');
    assert.equal(lastLine(-0), 'files{name="a"} 0');
    assert.equal(lastLine(0.25), 'files{name="a"} 0.25');
  });
});

describe("families", () => {
  it("lists each family's labels in alphabetical order (MET-2)", () => {
    for (const { name, labels } of families) assert.deepEqual([...labels].sort(), labels, name);
  });
});
