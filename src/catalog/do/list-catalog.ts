import type { OpenSession } from "../../base/sql.ts";
import { type CatalogListing, decodeListing, listedDatabasesQuery } from "../catalog-listing.ts";
import { rolesQuery } from "../snapshot-query.ts";
import { visit } from "./query-session.ts";

/** Lists all roles and databases (CAT-1). @throws SqlError, DeadlineError */
export async function listCatalog(openSession: OpenSession, signal: AbortSignal): Promise<CatalogListing> {
  return await visit(openSession, { purpose: "get_dbs_and_roles" }, signal, async (session) =>
    decodeListing(await session.run(rolesQuery), await session.run(listedDatabasesQuery)),
  );
}
