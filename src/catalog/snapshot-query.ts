import { literal } from "../base/quoting.ts";
import type { SqlRow } from "../base/sql.ts";
import { decodeLakebaseFacts } from "./lakebase.ts";
import {
  type CatalogDatabase,
  type CatalogExtension,
  type CatalogRole,
  type CatalogSnapshot,
  type DatabaseSnapshot,
  type KnownExtension,
  knownExtensions,
  unfinishedLimit,
} from "./snapshot.ts";

/*
 * The questions that make a snapshot, and what their rows mean. Customers create operators and functions in these databases,
 * so all names are qualified (APPLY-6). A row without a value that it must have is an error: nothing is left out silently (T12).
 */

const eq = "OPERATOR(pg_catalog.=)";

export const rolesQuery = "SELECT r.rolname AS name, r.rolpassword AS verifier FROM pg_catalog.pg_authid r";

/** All databases; the privileged role need not exist. */
export function databasesQuery(privilegedRole: string): string {
  return `SELECT d.oid, d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
  d.datallowconn AS allows_connections, d.datconnlimit AS connection_limit, d.datistemplate AS is_template,
  EXISTS (SELECT FROM pg_catalog.pg_subscription s WHERE s.subdbid ${eq} d.oid) AS has_subscriptions,
  ${defaultGrants("d.oid", privilegedRole)} AS default_grants
FROM pg_catalog.pg_database d`;
}

/**
 * The default privileges in a database that name the privileged role. They are recorded in a shared catalog, so that
 * no session in the database is needed.
 */
function defaultGrants(database: string, privilegedRole: string): string {
  return `(SELECT pg_catalog.string_agg(s.objid::pg_catalog.text, ',' ORDER BY s.objid)
    FROM pg_catalog.pg_shdepend s JOIN pg_catalog.pg_authid p ON p.oid ${eq} s.refobjid
    WHERE s.dbid ${eq} ${database} AND s.classid ${eq} 'pg_catalog.pg_default_acl'::pg_catalog.regclass::pg_catalog.oid
      AND s.refclassid ${eq} 'pg_catalog.pg_authid'::pg_catalog.regclass::pg_catalog.oid
      AND p.rolname ${eq} ${literal(privilegedRole)})`;
}

export const extensionsQuery = `SELECT k.name, a.default_version AS available_version,
  e.extversion AS version, e.extrelocatable AS relocatable, n.nspname AS schema
FROM (VALUES ${knownExtensions.map((name) => `(${literal(name)}::pg_catalog.name)`).join(", ")}) AS k (name)
LEFT JOIN pg_catalog.pg_available_extensions() AS a ON a.name ${eq} k.name
LEFT JOIN pg_catalog.pg_extension e ON e.extname ${eq} k.name
LEFT JOIN pg_catalog.pg_namespace n ON n.oid ${eq} e.extnamespace`;

export const systemQuery = `SELECT pg_catalog.current_setting('server_version_num') AS version,
  pg_catalog.current_database() AS database,
  pg_catalog.pg_postmaster_start_time()::pg_catalog.text AS started,
  pg_catalog.current_setting('is_superuser') AS is_superuser,
  EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname ${eq} 'neon') AS has_neon_schema,
  pg_catalog.to_regclass('public.health_check') IS NOT NULL AS has_health_check,
  EXISTS (
    SELECT FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid ${eq} s.setdatabase
    WHERE d.datname ${eq} 'postgres' AND s.setrole ${eq} 0::pg_catalog.oid
      AND 'pgaudit.log=none' ${eq} ANY (s.setconfig)
  ) AS audit_muted`;

export const subscriptionsRecordQuery = "SELECT timeline_id FROM neon.drop_subscriptions_done";

/** Which databases hold objects or privileges of these roles; at least one role. */
export function referencesQuery(roles: readonly string[]): string {
  return `SELECT DISTINCT r.rolname AS role, s.dbid AS database
FROM pg_catalog.pg_shdepend s JOIN pg_catalog.pg_authid r ON r.oid ${eq} s.refobjid
WHERE s.refclassid ${eq} 'pg_catalog.pg_authid'::pg_catalog.regclass::pg_catalog.oid
  AND r.rolname ${eq} ANY (ARRAY[${roles.map(literal).join(", ")}]::pg_catalog.name[])`;
}

/** What phase 11b must know of a database; one row, none when there is no schema `public`. */
export function databaseQuery(privilegedRole: string): string {
  const grantsAll = (objectType: string, aclType: string): string => `(
    SELECT pg_catalog.count(*) FROM pg_catalog.pg_default_acl d
    CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) AS item
    WHERE d.defaclrole ${eq} me.oid AND d.defaclnamespace ${eq} n.oid AND d.defaclobjtype ${eq} '${objectType}'
      AND item.grantee ${eq} p.oid AND item.is_grantable
  ) ${eq} (SELECT pg_catalog.count(*) FROM pg_catalog.aclexplode(pg_catalog.acldefault('${aclType}', me.oid)))`;
  const here = `(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname ${eq} pg_catalog.current_database())`;
  return `SELECT ${here} AS oid, pg_catalog.pg_get_userbyid(n.nspowner) AS owner,
  EXISTS (
    SELECT FROM pg_catalog.aclexplode(n.nspacl) AS item
    JOIN pg_catalog.pg_authid w ON w.oid ${eq} item.grantee
    WHERE w.rolname ${eq} 'web_access' AND item.privilege_type ${eq} 'CREATE'
  ) AS web_access_creates,
  ${grantsAll("r", "r")} AS default_table_grants,
  ${grantsAll("S", "s")} AS default_sequence_grants,
  ${defaultGrants(here, privilegedRole)} AS default_grants
FROM pg_catalog.pg_namespace n
JOIN pg_catalog.pg_authid me ON me.rolname ${eq} CURRENT_USER
JOIN pg_catalog.pg_authid p ON p.rolname ${eq} ${literal(privilegedRole)}
WHERE n.nspname ${eq} 'public'`;
}

/** The answers to the questions above. */
export interface SnapshotRows {
  readonly roles: readonly SqlRow[];
  readonly databases: readonly SqlRow[];
  readonly extensions: readonly SqlRow[];
  readonly system: readonly SqlRow[];
  readonly references: readonly SqlRow[];
  readonly subscriptionsRecord: readonly SqlRow[];
  /** Null outside lakebase mode. */
  readonly lakebase: readonly SqlRow[] | null;
}

/** @throws Error when a row lacks a value */
export function decodeSnapshot(rows: SnapshotRows): CatalogSnapshot {
  const [system] = rows.system;
  if (system === undefined) throw new Error("the server told nothing about itself");
  const references = new Map<string, Set<string>>();
  for (const row of rows.references) {
    const databases = references.get(text(row, "role")) ?? new Set();
    references.set(text(row, "role"), databases.add(text(row, "database")));
  }
  return {
    serverMajor: Math.floor(Number(text(system, "version")) / 10_000),
    systemDatabase: text(system, "database"),
    serverStarted: text(system, "started"),
    isSuperuser: text(system, "is_superuser") === "on",
    roles: new Map(rows.roles.map((row) => decodeRole(row, references))),
    databases: decodeDatabases(rows.databases),
    extensions: new Map(rows.extensions.flatMap(decodeExtension)),
    hasNeonSchema: flag(system, "has_neon_schema"),
    hasHealthCheck: flag(system, "has_health_check"),
    auditMuted: flag(system, "audit_muted"),
    subscriptionsDroppedOn: rows.subscriptionsRecord[0]?.["timeline_id"] ?? null,
    lakebase: rows.lakebase === null ? null : decodeLakebaseFacts(rows.lakebase),
  };
}

/** Databases by their names. @throws Error when a row lacks a value */
export function decodeDatabases(rows: readonly SqlRow[]): ReadonlyMap<string, CatalogDatabase> {
  return new Map(rows.map(decodeDatabase));
}

/** @throws Error when a row lacks a value */
export function decodeDatabaseSnapshot([row]: readonly SqlRow[]): DatabaseSnapshot {
  if (row === undefined) {
    const none = { webAccessCreates: false, defaultTableGrants: false, defaultSequenceGrants: false };
    return { oid: "", publicOwner: null, ...none, defaultGrants: "" };
  }
  return {
    oid: text(row, "oid"),
    publicOwner: text(row, "owner"),
    webAccessCreates: flag(row, "web_access_creates"),
    defaultTableGrants: flag(row, "default_table_grants"),
    defaultSequenceGrants: flag(row, "default_sequence_grants"),
    defaultGrants: row["default_grants"] ?? "",
  };
}

function decodeRole(row: SqlRow, references: ReadonlyMap<string, ReadonlySet<string>>): readonly [string, CatalogRole] {
  const name = text(row, "name");
  return [name, { verifier: row["verifier"] ?? null, referencedIn: references.get(name) ?? new Set() }];
}

function decodeDatabase(row: SqlRow): readonly [string, CatalogDatabase] {
  const connectionLimit = Number(text(row, "connection_limit"));
  const database: CatalogDatabase = {
    oid: text(row, "oid"),
    owner: text(row, "owner"),
    allowsConnections: flag(row, "allows_connections"),
    invalid: connectionLimit === -2,
    isTemplate: flag(row, "is_template"),
    hasSubscriptions: flag(row, "has_subscriptions"),
    unfinished: connectionLimit === unfinishedLimit,
    defaultGrants: row["default_grants"] ?? "",
  };
  return [text(row, "name"), database];
}

function decodeExtension(row: SqlRow): readonly (readonly [KnownExtension, CatalogExtension])[] {
  const name = knownExtensions.find((known) => known === row["name"]);
  if (name === undefined) return [];
  const version = row["version"] ?? null;
  const installed =
    version === null ? null : { version, schema: text(row, "schema"), relocatable: flag(row, "relocatable") };
  return [[name, { availableVersion: row["available_version"] ?? null, installed }]];
}

function text(row: SqlRow, column: string): string {
  const value = row[column];
  if (value === undefined || value === null) throw new Error(`the catalog has a row without ${column}`);
  return value;
}

function flag(row: SqlRow, column: string): boolean {
  return text(row, column) === "t";
}
