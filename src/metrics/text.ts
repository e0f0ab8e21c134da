import type { Family, HistogramFamily, ScalarFamily } from "./family.ts";

/** One sample: its labels' values in the order of the family's labels. */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
}

/** One sample of a histogram. */
export interface Distribution {
  readonly labels: readonly string[];
  /** How many values lie in each bucket and in no lower one; the last bucket has no upper bound. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/**
 * One family in Prometheus's text format 0.0.4, by the rules of MET-2; empty when it has no samples.
 *
 * prom-client is not used: it keeps an order of its own, writes the heads of families without samples and adds
 * metrics about the process, and all three would have to be undone.
 */
export function scalarText(family: ScalarFamily, samples: readonly Sample[]): string {
  const { name, labels } = family;
  const lines = samples.map((sample) => `${name}${labelText(labels, sample.labels)} ${valueText(sample.value)}\n`);
  return familyText(family, lines);
}

/** The same for a histogram: for each set of labels the buckets, each with all that lies below its bound, sum and count. */
export function histogramText(family: HistogramFamily, distributions: readonly Distribution[]): string {
  const { name, labels, bounds } = family;
  const blocks = distributions.map((distribution) => {
    let count = 0;
    const buckets = distribution.counts.map((inBucket, index) => {
      count += inBucket;
      const bound = bounds[index] === undefined ? "+Inf" : String(bounds[index]);
      return `${name}_bucket${labelText([...labels, "le"], [...distribution.labels, bound])} ${valueText(count)}\n`;
    });
    const own = labelText(labels, distribution.labels);
    return `${buckets.join("")}${name}_sum${own} ${valueText(distribution.sum)}\n${name}_count${own} ${valueText(count)}\n`;
  });
  return familyText(family, blocks);
}

function familyText({ name, type, help }: Family, blocks: readonly string[]): string {
  if (blocks.length === 0) return "";
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${blocks.toSorted().join("")}`;
}

/** The labels in braces, in alphabetical order of their names (MET-2). */
function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return "";
  const pairs = names.map((name, index) => `${name}="${escapeLabel(values[index] ?? "")}"`);
  return `{${pairs.sort().join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** Whole numbers without decimal point or exponent, however large. */
function valueText(value: number): string {
  return Number.isInteger(value) ? BigInt(value).toString() : String(value);
}
