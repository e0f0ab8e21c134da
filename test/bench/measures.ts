import type { World } from "./bench-world.ts";

/** The name of something that a round measures; its end says the unit: `Ms` milliseconds, `Kib` KiB. */
export type Measure = `${string}Ms` | `${string}Kib`;

/** What one part of a round measured. */
export type Measurements = Readonly<Partial<Record<Measure, number>>>;

/** One row of the table: a measure, and what it is held against. */
export interface Row {
  readonly title: string;
  readonly measure: Measure;
  readonly floor?: Measure;
}

/** Measurements that belong together and can be made without the others. */
export interface BenchGroup {
  /** How the command line calls it. */
  readonly name: string;
  /** What it is about, for `--help`. */
  readonly about: string;
  /** Its part of the table from top to bottom. */
  readonly rows: readonly Row[];
  /** How a floor is called next to what is held against it. */
  readonly floorTitles: Readonly<Partial<Record<Measure, string>>>;
  /** It takes long: more rounds than this are not made of it, and none to warm up. */
  readonly roundsMax?: number;
  /** Measures everything once, floors and program in turns. */
  measureRound(world: World): Promise<Measurements>;
}
