import type { LakebaseFacts } from "./lakebase.ts";

/** A role as found. */
export interface CatalogRole {
  /** The stored password verifier (`pg_authid.rolpassword`). Secret. */
  readonly verifier: string | null;
  /**
   * OIDs of the databases that hold objects or privileges of this role, {@link sharedObjects} for what belongs to none.
   * Read only for roles that a delta operation names; empty for all others.
   */
  readonly referencedIn: ReadonlySet<string>;
}

/** Stands in {@link CatalogRole.referencedIn} for objects that belong to no database, such as databases themselves. */
export const sharedObjects = "0";

/** A database as found. */
export interface CatalogDatabase {
  /** Survives renames; empty for a database that is planned but not there yet. */
  readonly oid: string;
  readonly owner: string;
  readonly allowsConnections: boolean;
  /** A DROP DATABASE of it was interrupted; it can only be dropped (APPLY-31). */
  readonly invalid: boolean;
  readonly isTemplate: boolean;
  readonly hasSubscriptions: boolean;
  /** It was created by an apply that ended before it could finish it, see {@link unfinishedLimit}. */
  readonly unfinished: boolean;
  /** OIDs of the default privileges in it that name the privileged role; tells a change of them from outside. */
  readonly defaultGrants: string;
}

/**
 * The connection limit with which a database is created. The transaction that grants it to the privileged role sets the
 * wanted limit, so a database that still has this one lacks its grant, and the next apply completes it.
 */
export const unfinishedLimit = 1_999_999_999;

/** An extension in the system database. */
export interface CatalogExtension {
  /** The version that CREATE EXTENSION would install; null when the server has no files of it. */
  readonly availableVersion: string | null;
  readonly installed: { readonly version: string; readonly schema: string; readonly relocatable: boolean } | null;
}

/** The extensions that an apply looks at. */
export const knownExtensions = [
  "neon",
  "pg_stat_statements",
  "pgaudit",
  "pgauditlogtofile",
  "databricks_auth",
] as const;

export type KnownExtension = (typeof knownExtensions)[number];

/** The catalog as read at the beginning of an apply (APPLY-19), apart from what only a session in each database can tell. */
export interface CatalogSnapshot {
  readonly serverMajor: number;
  /** When the server was started: what was seen of it before it went down is not relied on. */
  readonly serverStarted: string;
  /** The session may write to catalogs directly. */
  readonly isSuperuser: boolean;
  readonly systemDatabase: string;
  readonly roles: ReadonlyMap<string, CatalogRole>;
  readonly databases: ReadonlyMap<string, CatalogDatabase>;
  readonly extensions: ReadonlyMap<KnownExtension, CatalogExtension>;
  readonly hasNeonSchema: boolean;
  readonly hasHealthCheck: boolean;
  /** Database `postgres` has `pgaudit.log = none`. */
  readonly auditMuted: boolean;
  /** The timeline whose subscriptions were dropped last (APPLY-41); null when none, or when it was not asked for. */
  readonly subscriptionsDroppedOn: string | null;
  /** Null outside lakebase mode. */
  readonly lakebase: LakebaseFacts | null;
}

/** What only a session in the database can tell. */
export interface DatabaseSnapshot {
  readonly oid: string;
  /** The owner of schema `public`; null when there is no such schema. */
  readonly publicOwner: string | null;
  /** Role `web_access` has been granted CREATE on schema `public`. */
  readonly webAccessCreates: boolean;
  /** The default privileges of APPLY-36 are in place, in full, with grant option. */
  readonly defaultTableGrants: boolean;
  readonly defaultSequenceGrants: boolean;
  /** As {@link CatalogDatabase.defaultGrants}, seen together with the rest. */
  readonly defaultGrants: string;
}
