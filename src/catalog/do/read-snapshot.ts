import { type SqlRow, type SqlSession, sqlState } from "../../base/sql.ts";
import { lakebaseQuery } from "../lakebase.ts";
import type { CatalogSnapshot, DatabaseSnapshot } from "../snapshot.ts";
import {
  databaseQuery,
  databasesQuery,
  decodeDatabaseSnapshot,
  decodeSnapshot,
  extensionsQuery,
  referencesQuery,
  rolesQuery,
  type SnapshotRows,
  subscriptionsRecordQuery,
  systemQuery,
} from "../snapshot-query.ts";
import type { WantedCatalog } from "../wanted.ts";

const undefinedTable = "42P01";

/**
 * Reads what a plan for `wanted` is made from, in a session of the system database (phase 0).
 * @throws SqlError when anything cannot be read (T12)
 */
export async function readSnapshot(session: SqlSession, wanted: WantedCatalog): Promise<CatalogSnapshot> {
  return decodeSnapshot(await readSnapshotRows(session, wanted));
}

/** The same as rows, which can be kept. */
export async function readSnapshotRows(session: SqlSession, wanted: WantedCatalog): Promise<SnapshotRows> {
  const namedRoles = wanted.deltas.map(({ name }) => name);
  return {
    system: await session.run(systemQuery),
    roles: await session.run(rolesQuery),
    databases: await session.run(databasesQuery(wanted.privilegedRole)),
    extensions: await session.run(extensionsQuery),
    references: namedRoles.length === 0 ? [] : await session.run(referencesQuery(namedRoles)),
    subscriptionsRecord: wanted.dropSubscriptionsOn === null ? [] : await readSubscriptionsRecord(session),
    lakebase: wanted.lakebase ? await session.run(lakebaseQuery) : null,
  };
}

/** Reads what only a session in the database can tell. */
export async function readDatabaseSnapshot(session: SqlSession, privilegedRole: string): Promise<DatabaseSnapshot> {
  return decodeDatabaseSnapshot(await session.run(databaseQuery(privilegedRole)));
}

async function readSubscriptionsRecord(session: SqlSession): Promise<readonly SqlRow[]> {
  try {
    return await session.run(subscriptionsRecordQuery);
  } catch (error) {
    if (sqlState(error) === undefinedTable) return [];
    throw error;
  }
}
