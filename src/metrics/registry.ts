import type { Family } from "./families.ts";
import { families } from "./families.ts";
import type { Sample } from "./text.ts";
import { familyText } from "./text.ts";

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
interface Row {
  readonly family: Family;
  readonly samples: Map<string, Sample>;
}

/** Fresh figures: families without labels are at 0 (MET-3), the status is `empty` (MET-4). */
export function createMetrics(buildTag: string): Metrics {
  const rows: readonly Row[] = families.map((family) => ({ family, samples: new Map() }));
  const byName = new Map(rows.map((row) => [row.family.name, row]));

  function put(name: FamilyName, labels: Readonly<Record<string, string>>, next: (value: number) => number): void {
    const row = byName.get(name);
    if (row === undefined) return;
    const values = row.family.labels.map((label) => labels[label] ?? "");
    const key = JSON.stringify(values);
    row.samples.set(key, { labels: values, value: next(row.samples.get(key)?.value ?? 0) });
  }

  const metrics: Metrics = {
    add: (name, labels, by) => put(name, labels, (value) => value + by),
    set: (name, labels, value) => put(name, labels, () => value),
    replaceAll(name, samples) {
      byName.get(name)?.samples.clear();
      for (const { labels, value } of samples) metrics.set(name, labels, value);
    },
    showStatus: (status) =>
      metrics.replaceAll("compute_ctl_up", [{ labels: { build_tag: buildTag, status }, value: 1 }]),
    text: () => rows.map(({ family, samples }) => familyText(family, [...samples.values()])).join(""),
  };

  for (const { name, labels } of families) {
    if (labels.length === 0) put(name, {}, (value) => value);
  }
  metrics.showStatus("empty");
  return metrics;
}
