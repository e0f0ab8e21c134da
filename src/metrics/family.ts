/** One metric family: what `/metrics` says about it. */
export type Family = ScalarFamily | HistogramFamily;

interface FamilyHead {
  readonly name: string;
  /** In alphabetical order, as they are written (MET-2). */
  readonly labels: readonly string[];
  readonly help: string;
}

/** A family whose samples are single values. */
export interface ScalarFamily extends FamilyHead {
  readonly type: "counter" | "gauge";
  /** A family without labels is at 0 from the start; one with this mark shows nothing until its value is known. */
  readonly absentUntilKnown?: true;
}

/** A family whose samples are distributions. */
export interface HistogramFamily extends FamilyHead {
  readonly type: "histogram";
  /** The upper bounds of the buckets, rising, without the infinite one. */
  readonly bounds: readonly number[];
}
