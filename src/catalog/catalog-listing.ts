import type { SqlRow } from "../base/sql.ts";
import { requiredText } from "./row-values.ts";

/** All roles and databases of a server, as CAT-1 lists them. Holds password verifiers: never log it. */
export interface CatalogListing {
  readonly roles: readonly ListedRole[];
  readonly databases: readonly ListedDatabase[];
}

interface ListedRole {
  readonly name: string;
  /** The stored verifier; null for a role without a password. */
  readonly encryptedPassword: string | null;
}

interface ListedDatabase {
  readonly name: string;
  readonly owner: string;
  /** It takes no connections. */
  readonly restrictConn: boolean;
  /** Its creation or removal was cut short. */
  readonly invalid: boolean;
}

export const listedDatabasesQuery = `SELECT d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
  NOT d.datallowconn AS restrict_conn, d.datconnlimit OPERATOR(pg_catalog.=) -2 AS invalid
FROM pg_catalog.pg_database d`;

/**
 * Puts the answers to `rolesQuery` and {@link listedDatabasesQuery} together.
 * @throws Error when a row lacks what it must have
 */
export function decodeListing(roles: readonly SqlRow[], databases: readonly SqlRow[]): CatalogListing {
  return {
    roles: roles.map((row) => ({ name: requiredText(row, "name"), encryptedPassword: row["verifier"] ?? null })),
    databases: databases.map((row) => ({
      name: requiredText(row, "name"),
      owner: requiredText(row, "owner"),
      restrictConn: requiredText(row, "restrict_conn") === "t",
      invalid: requiredText(row, "invalid") === "t",
    })),
  };
}
