/** What some measurements of the same thing come to, in their unit. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** The middle value; of an even number of values, the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  const middle = sorted.slice(sorted.length % 2 === 1 ? upper : upper - 1, upper + 1);
  return middle.length === 0 ? Number.NaN : middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/** The smallest value that at least `percent` of a hundred values do not exceed; NaN of none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

/** Median and spread of some measurements; NaN of none. */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) return { count: 0, min: Number.NaN, median: Number.NaN, max: Number.NaN };
  return { count: values.length, min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

/** How many times its floor a thing takes, by medians; undefined where one of them has no positive median. */
export function ratio(thing: Summary, floor: Summary): number | undefined {
  return thing.median > 0 && floor.median > 0 ? thing.median / floor.median : undefined;
}
