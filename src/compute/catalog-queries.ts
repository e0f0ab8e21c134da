import type { CatalogListing } from "../catalog/catalog-listing.ts";
import type { WantedExtension } from "../catalog/extension-version.ts";
import type { SchemaGrant } from "../catalog/schema-grant.ts";
import type { SchemaDump } from "../postgres/schema-dump.ts";

/**
 * The questions and small orders that routes have for the catalog of the Postgres that runs (chapter 05 §7). Each opens a
 * session of its own, ends with `signal`, and has a time limit. They reject with the error as it came from Postgres.
 */
export interface CatalogQueries {
  /** All roles and databases (CAT-1). */
  list(signal: AbortSignal): Promise<CatalogListing>;
  /** The schema of a database as SQL (CAT-2); never rejects. */
  dumpSchema(database: string, signal: AbortSignal): Promise<SchemaDump>;
  /** Rejects when no row can be written (CAT-3). */
  checkWritability(signal: AbortSignal): Promise<void>;
  /** The slowest statements as a JSON document (CAT-6). */
  insights(signal: AbortSignal): Promise<string>;
  /** Sees to it that an extension is installed in a certain version (CAT-4). The outermost message names the step that failed. */
  installExtension(wanted: WantedExtension, signal: AbortSignal): Promise<void>;
  /** Sees to it that a role has privileges on a schema (CAT-5). The outermost message names the step that failed. */
  grantOnSchema(grant: SchemaGrant, signal: AbortSignal): Promise<void>;
}
