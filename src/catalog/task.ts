/** What one session in one database has to do, as far as it can be said from outside (APPLY-21). */
export interface DatabaseTask {
  readonly database: string;
  /** Of the database; empty for one that is yet to be created. */
  readonly oid: string;
  /** Roles that go away, each with the role that gets what it owns here (APPLY-33). */
  readonly leaving: readonly LeavingRole[];
  /** Whether and how schema `public` is to be looked after; which steps that takes, only the database can tell. */
  readonly publicSchema: PublicSchemaWish | null;
  readonly dropSubscriptions: boolean;
}

/** A role that goes away. */
export interface LeavingRole {
  readonly role: string;
  readonly heir: string;
}

/** APPLY-35 and APPLY-36. */
export interface PublicSchemaWish {
  readonly owner: string;
  readonly privilegedRole: string;
  /** A role `web_access` exists on a server that keeps CREATE on `public` from ordinary roles. */
  readonly webAccess: boolean;
}
