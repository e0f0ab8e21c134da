import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { families } from "./families.ts";
import { histogramText, scalarText } from "./text.ts";

const family = { name: "files", type: "gauge", labels: ["name"], help: "Files" } as const;

function lastLine(value: number, label = "a"): string | undefined {
  return scalarText(family, [{ labels: [label], value }])
    .trimEnd()
    .split("\n")
    .at(-1);
}

describe("scalarText", () => {
  it("leaves a family without samples out, head included (MET-2)", () => {
    assert.equal(scalarText(family, []), "");
  });

  it("writes one HELP and one TYPE line, then the samples (MET-2)", () => {
    const samples = ["b", "a"].map((name) => ({ labels: [name], value: 1 }));
    assert.equal(
      scalarText(family, samples),
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

describe("histogramText", () => {
  const histogram = { name: "waits", type: "histogram", labels: ["name"], bounds: [0.5, 10], help: "Waits" } as const;

  it("writes rising counts for each bucket, then sum and count", () => {
    const distributions = [
      { labels: ["z"], counts: [0, 1, 0], sum: 1 },
      { labels: ["a"], counts: [2, 1, 3], sum: 40.25 },
    ];
    assert.equal(
      histogramText(histogram, distributions),
      "# HELP waits Waits\n# TYPE waits histogram\n" +
        'waits_bucket{le="0.5",name="a"} 2\nwaits_bucket{le="10",name="a"} 3\nwaits_bucket{le="+Inf",name="a"} 6\n' +
        'waits_sum{name="a"} 40.25\nwaits_count{name="a"} 6\n' +
        'waits_bucket{le="0.5",name="z"} 0\nwaits_bucket{le="10",name="z"} 1\nwaits_bucket{le="+Inf",name="z"} 1\n' +
        'waits_sum{name="z"} 1\nwaits_count{name="z"} 1\n',
    );
  });

  it("leaves a family without samples out", () => {
    assert.equal(histogramText(histogram, []), "");
  });
});

describe("families", () => {
  it("lists each family's labels in alphabetical order (MET-2)", () => {
    for (const { name, labels } of families) assert.deepEqual([...labels].sort(), labels, name);
  });
});
