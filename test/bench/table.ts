import type { BenchGroup, Measure } from "./measures.ts";
import { ratio, type Summary, summarize } from "./statistics.ts";

/** All measurements by their name, one value for each round. */
export type Samples = ReadonlyMap<Measure, readonly number[]>;

const header = ["", "median", "min – max", "floor of the same run", "its median", "ratio"];

/** The rows of the groups as one Markdown table. A measure without values shows dashes. */
export function markdownTable(groups: readonly Pick<BenchGroup, "rows" | "floorTitles">[], samples: Samples): string {
  const cells = groups.flatMap(({ rows, floorTitles }) =>
    rows.map(({ title, measure, floor }) => [
      title,
      ...ownCells(measure, summaryOf(samples, measure)),
      ...(floor === undefined ? ["", "", ""] : floorCells(samples, measure, floor, floorTitles[floor] ?? floor)),
    ]),
  );
  const rule = header.map((_, column) => (column === 0 || column === 3 ? "---" : "---:"));
  return [header, rule, ...cells].map((line) => `| ${line.join(" | ")} |\n`).join("");
}

function ownCells(measure: Measure, summary: Summary): readonly string[] {
  const { min, median, max } = summary;
  return [withUnit(measure, median), `${plain(measure, min)} – ${plain(measure, max)}`];
}

function floorCells(samples: Samples, measure: Measure, floor: Measure, title: string): readonly string[] {
  const summary = summaryOf(samples, floor);
  const times = ratio(summaryOf(samples, measure), summary);
  return [title, withUnit(floor, summary.median), times === undefined ? "–" : `${times.toFixed(2)} ×`];
}

function summaryOf(samples: Samples, measure: Measure): Summary {
  return summarize(samples.get(measure) ?? []);
}

function withUnit(measure: Measure, value: number): string {
  return Number.isNaN(value) ? "–" : `${plain(measure, value)} ${isMemory(measure) ? "MiB" : "ms"}`;
}

function plain(measure: Measure, value: number): string {
  if (Number.isNaN(value)) return "–";
  const shown = isMemory(measure) ? value / 1024 : value;
  return shown.toFixed(shown < 10 ? 1 : 0);
}

function isMemory(measure: Measure): boolean {
  return measure.endsWith("Kib");
}
