/** How many there are. Said here as well, so that who only asks where they are does not load them all. */
const migrationCount = 12;

/** How far one run of the migrations has come. */
export interface MigrationState {
  /** The number of the last migration that is done; null until it has been read. */
  readonly applied: number | null;
  readonly total: number;
  /** Why they stopped, and at which one; its `id` is null when that was before any of them. */
  readonly failed?: { readonly id: number | null; readonly error: string };
}

/** Where the migrations of a compute are, for those who ask. */
export interface MigrationProgress {
  /** `waiting`: this process has not begun, and on a compute whose catalog is not applied never will. */
  readonly stage: "waiting" | "running" | "done" | "failed";
  readonly applied: number | null;
  readonly total: number;
  readonly failed: { readonly id: number | null; readonly error: string } | null;
}

/** Before a process has run any. */
export const noMigrationYet: MigrationProgress = {
  stage: "waiting",
  applied: null,
  total: migrationCount,
  failed: null,
};

/** What the state of a run means for its progress. A stored number above the list's is as good as its end (MIG-3). */
export function migrationProgress({ applied, total, failed }: MigrationState): MigrationProgress {
  if (failed !== undefined) return { stage: "failed", applied, total, failed };
  return { stage: applied !== null && applied >= total ? "done" : "running", applied, total, failed: null };
}
