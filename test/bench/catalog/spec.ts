import { createHash } from "node:crypto";

/** How large a catalog is. */
export interface CatalogSize {
  readonly roles: number;
  readonly databases: number;
}

export function roleName(index: number): string {
  return `bench_role_${index}`;
}

/**
 * A SCRAM verifier as Postgres stores it, of a password that nobody knows. What Postgres spends on it does not depend on
 * that; each has a salt of its own, as real ones have.
 */
export function verifier(index: number): string {
  const digest = (what: string): Buffer => createHash("sha256").update(`${what} ${index}`).digest();
  const salt = digest("salt").subarray(0, 16).toString("base64");
  return `SCRAM-SHA-256$4096:${salt}$${digest("stored").toString("base64")}:${digest("server").toString("base64")}`;
}

/** A config's text with this many roles, and databases that they own in turn, in place of its own. */
export function withCatalog(config: string, { roles, databases }: CatalogSize): string {
  const parsed: { readonly spec: { readonly cluster: object } & object } & object = JSON.parse(config);
  const cluster = {
    ...parsed.spec.cluster,
    roles: Array.from({ length: roles }, (_, index) => ({
      name: roleName(index),
      encrypted_password: verifier(index),
      options: null,
    })),
    databases: Array.from({ length: databases }, (_, index) => ({
      name: `bench_database_${index}`,
      owner: roleName(index % roles),
      options: null,
    })),
  };
  return JSON.stringify({ ...parsed, spec: { ...parsed.spec, cluster } });
}
