import { literal } from "../base/quoting.ts";
import type { SqlRow } from "../base/sql.ts";
import { mib } from "./sizes.ts";

/** The settings that the file cache is sized by. */
export interface CacheSettings {
  /** The size, changed by a reload. */
  readonly limit: string;
  /** What it may be at most. */
  readonly max: string;
}

/** Those of Neon's extension (VM-25). */
export const neonSettings: CacheSettings = { limit: "neon.file_cache_size_limit", max: "neon.max_file_cache_size" };

/** The sizes in force, in bytes. */
export interface CacheSizes {
  readonly limitBytes: number;
  readonly maxBytes: number;
}

/**
 * Reads both sizes (VM-25), or nulls where Postgres has no such setting. A value for it in the configuration of a stock
 * Postgres is a mere placeholder, which `pg_settings` does not show.
 */
export function readSizesSql({ limit, max }: CacheSettings): string {
  const column = (name: string, as: string): string =>
    `(SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting(name)) FROM pg_catalog.pg_settings WHERE name = ${literal(name)}) AS ${as}`;
  return `SELECT ${column(limit, "limit_bytes")}, ${column(max, "max_bytes")}`;
}

/** What the row of {@link readSizesSql} says; null when Postgres has no file cache. */
export function sizesIn(row: SqlRow | undefined): CacheSizes | null {
  const [limit, max] = [row?.["limit_bytes"], row?.["max_bytes"]];
  if (typeof limit !== "string" || typeof max !== "string") return null;
  return { limitBytes: Number(limit), maxBytes: Number(max) };
}

/** The whole MiB that a size of `bytes` comes to under that maximum (VM-25). */
export function wholeMib(bytes: number, maxBytes: number): number {
  return Math.floor(Math.min(bytes, maxBytes) / mib);
}

/** Sets the size; to be run by itself, outside a transaction (VM-25). */
export function setLimitSql({ limit }: CacheSettings, limitMib: number): string {
  return `ALTER SYSTEM SET ${limit} = ${limitMib}`;
}

/** Has Postgres take it over. */
export const reloadSql = "SELECT pg_catalog.pg_reload_conf()";
