/** What a migration depends on beside its number. */
export interface MigrationTarget {
  readonly serverMajor: number;
  readonly privilegedRole: string;
}

/** One numbered change that every catalog gets once (MIG-3). Running it again changes nothing. */
export interface Migration {
  /** Its place in the list, from 1: what `neon_migration.migration_id` holds when it is done. */
  readonly id: number;
  /** What it is good for. */
  readonly why: string;
  /** Its SQL, all of it for one transaction; null when it is to be skipped on this server. */
  readonly render: (target: MigrationTarget) => string | null;
}

/** A migration that was given up: its number stays taken (MIG-4). */
export function skippedMigration(id: number, why: string): Migration {
  return { id, why, render: () => null };
}
