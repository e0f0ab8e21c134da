import type { Lsn } from "../base/lsn.ts";
import type { DriftView } from "../catalog/view.ts";
import type { DerivedSpec } from "../spec/types.ts";

/** What a compute was given and what became of it, for those who watch it. */
export interface ComputeOverview {
  /** The newest spec; null before the first. There are secrets in it: whoever shows it chooses what. */
  readonly spec: DerivedSpec | null;
  /** Whether a spec is in force as a whole, so that the catalog can be compared with it. */
  readonly isInForce: boolean;
  /** Null before Postgres is spawned and after it has ended. */
  readonly postgresPid: number | null;
  /** Where the base backup was taken; zero stands for the newest, null for none yet. */
  readonly startLsn: Lsn | null;
  /** The LSN that the final sync found. */
  readonly endLsn: Lsn | null;
  /** What the newest comparison of the catalog with the spec found; null when none was made since the last apply. */
  readonly drift: DriftView | null;
}
