import type { TenantId } from "../base/ids.ts";

/** The claims of a storage token that the servers look at (BASE-21). */
export interface StorageClaims {
  readonly scope: string;
  readonly tenantId: string | null;
}

export type StorageServer = "pageserver" | "safekeeper";

/** The scope besides `tenant` that each server admits, whatever the tenant. */
const serviceScopes: Readonly<Record<StorageServer, string>> = {
  pageserver: "pageserverapi",
  safekeeper: "safekeeperdata",
};

/** The claims in a token's payload; undefined when they have another shape. */
export function decodeStorageClaims(payload: Readonly<Record<string, unknown>>): StorageClaims | undefined {
  const { scope, tenant_id: tenantId = null } = payload;
  if (typeof scope !== "string" || (tenantId !== null && typeof tenantId !== "string")) return undefined;
  return { scope, tenantId: tenantId === null ? null : tenantId.toLowerCase() };
}

/** Why a token does not open a tenant on a server; undefined when it does (BASE-21). */
export function refusal(claims: StorageClaims, tenantId: TenantId, server: StorageServer): string | undefined {
  if (claims.scope === serviceScopes[server]) return undefined;
  if (claims.scope !== "tenant") return `a token of scope ${JSON.stringify(claims.scope)} has no access to a ${server}`;
  return claims.tenantId === tenantId ? undefined : "the token is for another tenant";
}
