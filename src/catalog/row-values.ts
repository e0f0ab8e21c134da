import type { SqlRow } from "../base/sql.ts";

/** A value that every row has. @throws Error when this one lacks it */
export function requiredText(row: SqlRow, column: string): string {
  const value = row[column];
  if (value === undefined || value === null) throw new Error(`the catalog has a row without ${column}`);
  return value;
}
