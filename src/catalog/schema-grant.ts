import { ident, literal } from "../base/quoting.ts";
import type { SqlRow } from "../base/sql.ts";

/** What a grant can name (HTTP-71); for a schema, Postgres itself knows only USAGE and CREATE. */
export const privileges = [
  ...(["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"] as const),
  ...(["USAGE", "CREATE", "CONNECT", "TEMPORARY", "EXECUTE"] as const),
] as const;

export type Privilege = (typeof privileges)[number];

/** Privileges on a schema that a role is to have (CAT-5). */
export interface SchemaGrant {
  readonly database: string;
  readonly schema: string;
  readonly privileges: readonly Privilege[];
  readonly role: string;
}

/** Asks which privileges on the schema the role was granted by name. */
export function heldPrivilegesQuery({ schema, role }: SchemaGrant): string {
  return `SELECT a.privilege_type AS privilege FROM pg_catalog.pg_namespace n
CROSS JOIN LATERAL pg_catalog.aclexplode(n.nspacl) a
JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) a.grantee
WHERE n.nspname OPERATOR(pg_catalog.=) ${literal(schema)} AND r.rolname OPERATOR(pg_catalog.=) ${literal(role)}`;
}

/** Grants what `rows` do not list; undefined when nothing is missing, so that a read replica has nothing to write. */
export function grantStatement(grant: SchemaGrant, rows: readonly SqlRow[]): string | undefined {
  const held = new Set(rows.map((row) => row["privilege"]));
  const missing = new Set(grant.privileges.filter((privilege) => !held.has(privilege)));
  if (missing.size === 0) return undefined;
  return `GRANT ${[...missing].join(", ")} ON SCHEMA ${ident(grant.schema)} TO ${ident(grant.role)}`;
}
