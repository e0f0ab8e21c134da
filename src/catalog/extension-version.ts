import { ident, literal } from "../base/quoting.ts";
import type { SqlRow } from "../base/sql.ts";

/** An extension that a database is to have in a certain version (CAT-4). */
export interface WantedExtension {
  readonly database: string;
  readonly extension: string;
  readonly version: string;
}

/** Asks for the installed version of an extension; no row when it is not installed. */
export function extensionVersionQuery({ extension }: WantedExtension): string {
  return `SELECT e.extversion AS version FROM pg_catalog.pg_extension e WHERE e.extname OPERATOR(pg_catalog.=) ${literal(extension)}`;
}

/** The statement that is missing for the wanted version; undefined when that is what `rows` say is installed. */
export function extensionStatement(wanted: WantedExtension, rows: readonly SqlRow[]): string | undefined {
  const [installed] = rows;
  const version = literal(wanted.version);
  if (installed === undefined) {
    return `CREATE EXTENSION IF NOT EXISTS ${ident(wanted.extension)} WITH SCHEMA public VERSION ${version}`;
  }
  if (installed["version"] === wanted.version) return undefined;
  return `ALTER EXTENSION ${ident(wanted.extension)} UPDATE TO ${version}`;
}
