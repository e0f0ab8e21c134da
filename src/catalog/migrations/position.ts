import type { SqlRow } from "../../base/sql.ts";

/** What is done, in this order, before the first migration can be: where their position is kept (MIG-2). */
export const preparations: readonly string[] = [
  "CREATE SCHEMA IF NOT EXISTS neon_migration",
  `CREATE TABLE IF NOT EXISTS neon_migration.migration_id (
  key pg_catalog.int4 NOT NULL PRIMARY KEY,
  id pg_catalog.int8 NOT NULL DEFAULT 0
)`,
  "INSERT INTO neon_migration.migration_id VALUES (0, 0) ON CONFLICT DO NOTHING",
  "ALTER SCHEMA neon_migration OWNER TO cloud_admin",
  "REVOKE ALL ON SCHEMA neon_migration FROM PUBLIC",
];

export const positionQuery = `SELECT m.id, pg_catalog.current_setting('server_version_num') AS version
FROM neon_migration.migration_id m`;

/** How far the migrations have come, and on which server. */
export interface MigrationPosition {
  /** The number of the last one that was done. */
  readonly applied: number;
  readonly serverMajor: number;
}

/** @throws Error when there is not exactly one row (MIG-2) */
export function decodePosition(rows: readonly SqlRow[]): MigrationPosition {
  const [row] = rows;
  const applied = Number(row?.["id"] ?? Number.NaN);
  const version = Number(row?.["version"] ?? Number.NaN);
  if (rows.length !== 1 || !Number.isSafeInteger(applied) || !Number.isSafeInteger(version)) {
    throw new Error(`neon_migration.migration_id must hold one row with a number, but has ${rows.length} rows`);
  }
  return { applied, serverMajor: Math.floor(version / 10_000) };
}

/** Remembers that migration `id` is done. */
export function advanceStatement(id: number): string {
  return `UPDATE neon_migration.migration_id SET id = ${id}`;
}
