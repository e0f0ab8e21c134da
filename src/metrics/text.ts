import type { Family } from "./families.ts";

/** One sample: its labels' values in the order of the family's labels. */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
}

/**
 * One family in Prometheus's text format 0.0.4, by the rules of MET-2; empty when it has no samples.
 *
 * prom-client is not used: it keeps an order of its own, writes the heads of families without samples and adds
 * metrics about the process, and all three would have to be undone.
 */
export function familyText({ name, type, labels, help }: Family, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const lines = samples.map((sample) => `${name}${labelText(labels, sample.labels)} ${valueText(sample.value)}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.sort().join("")}`;
}

function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return "";
  return `{${names.map((name, index) => `${name}="${escapeLabel(values[index] ?? "")}"`).join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** Whole numbers without decimal point or exponent, however large. */
function valueText(value: number): string {
  return Number.isInteger(value) ? BigInt(value).toString() : String(value);
}
