import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { benchGroups } from "./groups.ts";
import type { Measure } from "./measures.ts";
import { markdownTable } from "./table.ts";

describe("the table of the benchmark", () => {
  it("shows median, spread, floor and ratio with their units", () => {
    const samples = new Map<Measure, readonly number[]>([
      ["firstAnswerMs", [301, 299.6, 900]],
      ["nodeMs", [100, 100, 50]],
      ["idleKib", [2048]],
    ]);
    const rows = [
      { title: "first", measure: "firstAnswerMs", floor: "nodeMs" },
      { title: "idle", measure: "idleKib" },
    ] as const;
    const shown = markdownTable([{ rows, floorTitles: { nodeMs: "`node -e 0`" } }], samples);
    assert.deepEqual(shown.split("\n").slice(2), [
      "| first | 301 ms | 300 – 900 | `node -e 0` | 100 ms | 3.01 × |",
      "| idle | 2.0 MiB | 2.0 – 2.0 |  |  |  |",
      "",
    ]);
  });

  it("shows dashes for what was not measured", () => {
    const rows = [{ title: "first", measure: "firstAnswerMs", floor: "nodeMs" }] as const;
    const shown = markdownTable([{ rows, floorTitles: { nodeMs: "`node -e 0`" } }], new Map());
    assert.match(shown, /\| first \| – \| – – – \| `node -e 0` \| – \| – \|\n$/);
  });

  it("has a name for every floor, and groups with names of their own", () => {
    for (const { rows, floorTitles } of benchGroups) {
      const floors = new Set(rows.flatMap(({ floor }) => (floor === undefined ? [] : [floor])));
      assert.deepEqual(Object.keys(floorTitles).sort(), [...floors].sort());
    }
    const names = benchGroups.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });
});
