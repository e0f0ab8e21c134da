import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Measure } from "./measures.ts";
import { floorTitles, measureNames, rows } from "./measures.ts";
import { markdownTable } from "./table.ts";

describe("the table of the benchmark", () => {
  it("shows median, spread, floor and ratio with their units", () => {
    const samples = new Map<Measure, readonly number[]>([
      ["firstAnswerMs", [301, 299.6, 900]],
      ["nodeMs", [100, 100, 50]],
      ["idleKib", [2048]],
    ]);
    const shown = markdownTable(
      [
        { title: "first", measure: "firstAnswerMs", floor: "nodeMs" },
        { title: "idle", measure: "idleKib" },
      ],
      samples,
    );
    assert.deepEqual(shown.split("\n").slice(2), [
      "| first | 301 ms | 300 – 900 | `node -e 0` | 100 ms | 3.01 × |",
      "| idle | 2.0 MiB | 2.0 – 2.0 |  |  |  |",
      "",
    ]);
  });

  it("shows dashes for what was not measured", () => {
    const shown = markdownTable([{ title: "first", measure: "firstAnswerMs", floor: "nodeMs" }], new Map());
    assert.match(shown, /\| first \| – \| – – – \| `node -e 0` \| – \| – \|\n$/);
  });

  it("has every measure in a row, and a name for every floor", () => {
    const shown = new Set<Measure>(
      rows.flatMap(({ measure, floor }) => (floor === undefined ? [measure] : [measure, floor])),
    );
    assert.deepEqual([...shown].sort(), measureNames.toSorted());
    for (const { floor, title } of rows) {
      assert.ok(floor === undefined || floorTitles[floor] !== undefined, title);
    }
  });
});
