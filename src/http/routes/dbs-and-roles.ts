import type { CatalogListing } from "../../catalog/catalog-listing.ts";
import { json } from "../answer.ts";
import { noInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-65, CAT-1: all databases and roles. */
export const dbsAndRoles: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/dbs_and_roles",
  auth: "jwt",
  input: noInput,
  responses: [200, 500],
  handle: async ({ catalog }, _input, { signal }) => json(200, listingBody(await catalog.list(signal))),
};

/** The options, which Postgres does not keep, are always null. */
function listingBody({ roles, databases }: CatalogListing): unknown {
  return {
    roles: roles.map(({ name, encryptedPassword }) => ({
      name,
      encrypted_password: encryptedPassword,
      options: null,
    })),
    databases: databases.map(({ name, owner, restrictConn, invalid }) => ({
      name,
      owner,
      options: null,
      restrict_conn: restrictConn,
      invalid,
    })),
  };
}
