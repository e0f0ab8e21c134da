import type { SqlRow } from "../base/sql.ts";
import { requiredText } from "./row-values.ts";

/** In how many databases a version of an extension is installed (CAT-10). */
export interface CountedExtension {
  readonly name: string;
  readonly version: string;
  /** Whether the owner is the cluster's first superuser, OID 10. */
  readonly ownedBySuperuser: boolean;
  readonly databases: number;
}

const databasesMax = 500;

/** The databases that can be looked into, templates included; in a fixed order, so that it is always the same ones. */
export const countedDatabasesQuery = `SELECT d.datname AS name FROM pg_catalog.pg_database d
WHERE d.datallowconn AND d.datconnlimit OPERATOR(pg_catalog.<>) -2
ORDER BY d.oid LIMIT ${databasesMax}`;

export const databaseExtensionsQuery = `SELECT e.extname AS name, e.extversion AS version,
  e.extowner OPERATOR(pg_catalog.=) 10::pg_catalog.oid AS owned_by_superuser
FROM pg_catalog.pg_extension e`;

/** Counts the extensions of one database after the other. */
export interface ExtensionCount {
  /** Takes a database's answer to {@link databaseExtensionsQuery}. */
  add(rows: readonly SqlRow[]): void;
  /** What was found so far, ordered by name, version and owner. */
  list(): readonly CountedExtension[];
}

export function createExtensionCount(): ExtensionCount {
  const found = new Map<string, CountedExtension>();
  return {
    add(rows) {
      for (const row of rows) {
        const seen = decodeExtension(row);
        const key = JSON.stringify([seen.name, seen.version, seen.ownedBySuperuser]);
        found.set(key, { ...seen, databases: (found.get(key)?.databases ?? 0) + 1 });
      }
    },
    list: () => [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, extension]) => extension),
  };
}

/** The log line of CAT-10. */
export function extensionStatisticsLine(extensions: readonly CountedExtension[]): string {
  const listed = extensions.map(({ name, version, databases, ownedBySuperuser }) => ({
    extname: name,
    version,
    n_databases: databases,
    owned_by_superuser: ownedBySuperuser ? "1" : "0",
  }));
  return `[NEON_EXT_STAT] ${JSON.stringify({ extensions: listed })}`;
}

function decodeExtension(row: SqlRow): Omit<CountedExtension, "databases"> {
  return {
    name: requiredText(row, "name"),
    version: requiredText(row, "version"),
    ownedBySuperuser: requiredText(row, "owned_by_superuser") === "t",
  };
}
