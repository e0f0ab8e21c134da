import { families } from "./families.ts";
import type { Family, HistogramFamily, ScalarFamily } from "./family.ts";
import type { Distribution, Sample } from "./text.ts";
import { histogramText, scalarText } from "./text.ts";

type KnownFamily = (typeof families)[number];
type FamilyName = KnownFamily["name"];
type NameOfType<Type extends Family["type"]> = Extract<KnownFamily, { type: Type }>["name"];

/** A value for each of the family's labels, by name; `{}` for a family without labels. */
type Labels<Name extends FamilyName> = Readonly<Record<Extract<KnownFamily, { name: Name }>["labels"][number], string>>;

/** The program's figures: one object, handed to whoever counts. */
export interface Metrics {
  /** Adds to a counter. */
  add<Name extends NameOfType<"counter">>(name: Name, labels: Labels<Name>, by: number): void;
  /** Sets a gauge. */
  set<Name extends NameOfType<"gauge">>(name: Name, labels: Labels<Name>, value: number): void;
  /** Counts a value into a histogram. */
  observe<Name extends NameOfType<"histogram">>(name: Name, labels: Labels<Name>, value: number): void;
  /** Puts these samples in place of all that a gauge had. */
  replaceAll<Name extends NameOfType<"gauge">>(
    name: Name,
    samples: readonly { readonly labels: Labels<Name>; readonly value: number }[],
  ): void;
  /** Makes `compute_ctl_up` show this status and no other (MET-4, LIFE-42); `status` in its form with hyphens. */
  showStatus(status: string): void;
  /** The body of `/metrics`, from memory. */
  text(): string;
}

/** One family and its samples, by the values of their labels. */
interface Row<F extends Family, S> {
  readonly family: F;
  readonly samples: Map<string, S>;
}

/** Fresh figures: families without labels are at 0 (MET-3), the status is `empty` (MET-4). */
export function createMetrics(buildTag: string): Metrics {
  const scalars = new Map<string, Row<ScalarFamily, Sample>>();
  const histograms = new Map<string, Row<HistogramFamily, Distribution>>();
  for (const family of families) {
    if (family.type === "histogram") histograms.set(family.name, { family, samples: new Map() });
    else scalars.set(family.name, { family, samples: new Map() });
  }

  function put(name: string, labels: Readonly<Record<string, string>>, next: (value: number) => number): void {
    const row = scalars.get(name);
    if (row === undefined) return;
    const values = valuesOf(row.family, labels);
    const key = JSON.stringify(values);
    row.samples.set(key, { labels: values, value: next(row.samples.get(key)?.value ?? 0) });
  }

  const metrics: Metrics = {
    add: (name, labels, by) => put(name, labels, (value) => value + by),
    set: (name, labels, value) => put(name, labels, () => value),
    observe(name, labels, value) {
      const row = histograms.get(name);
      if (row === undefined) return;
      const values = valuesOf(row.family, labels);
      const key = JSON.stringify(values);
      row.samples.set(key, withValue(row.family, row.samples.get(key) ?? emptyDistribution(row.family, values), value));
    },
    replaceAll(name, samples) {
      scalars.get(name)?.samples.clear();
      for (const { labels, value } of samples) metrics.set(name, labels, value);
    },
    showStatus: (status) =>
      metrics.replaceAll("compute_ctl_up", [{ labels: { build_tag: buildTag, status }, value: 1 }]),
    text: () => families.map(({ name }) => rowText(scalars.get(name), histograms.get(name))).join(""),
  };

  for (const { family } of scalars.values()) {
    if (family.labels.length === 0 && family.absentUntilKnown !== true) put(family.name, {}, (value) => value);
  }
  metrics.showStatus("empty");
  return metrics;
}

function valuesOf({ labels }: Family, given: Readonly<Record<string, string>>): readonly string[] {
  return labels.map((label) => given[label] ?? "");
}

function emptyDistribution({ bounds }: HistogramFamily, labels: readonly string[]): Distribution {
  return { labels, counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
}

function withValue({ bounds }: HistogramFamily, { labels, counts, sum }: Distribution, value: number): Distribution {
  const found = bounds.findIndex((bound) => value <= bound);
  const bucket = found < 0 ? bounds.length : found;
  return { labels, counts: counts.with(bucket, (counts[bucket] ?? 0) + 1), sum: sum + value };
}

function rowText(
  scalar: Row<ScalarFamily, Sample> | undefined,
  histogram: Row<HistogramFamily, Distribution> | undefined,
): string {
  if (scalar !== undefined) return scalarText(scalar.family, [...scalar.samples.values()]);
  return histogram === undefined ? "" : histogramText(histogram.family, [...histogram.samples.values()]);
}
