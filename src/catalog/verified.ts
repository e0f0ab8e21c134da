import type { PublicSchemaWish } from "./task.ts";

/**
 * Fingerprints by OID of the databases that this process has looked into and found as the spec wants them. While the
 * fingerprint of one stays the same it need not be visited again: a change to its default privileges shows in a shared
 * catalog, and what does not show there (part of a grant taken back, `public` given to the bootstrap user) only a
 * superuser can do.
 */
export type VerifiedDatabases = Map<string, string>;

/** What a visit found right, in the terms of what can be seen from outside; null when too little of it can. */
export function fingerprint(wish: PublicSchemaWish, serverStarted: string, defaultGrants: string): string | null {
  // The owner of a database may take back what web_access was granted.
  if (wish.webAccess || defaultGrants === "") return null;
  return JSON.stringify([wish.owner, wish.privilegedRole, serverStarted, defaultGrants]);
}
