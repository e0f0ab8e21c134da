import type { SqlSession } from "../../base/sql.ts";
import { databasesQuery, decodeDatabases } from "../snapshot-query.ts";
import type { PublicSchemaWish } from "../task.ts";
import { fingerprint, type VerifiedDatabases } from "../verified.ts";

/**
 * Remembers copies of a database that was looked after as right, by what can be seen of them from outside: the next apply
 * need not visit them.
 */
export async function rememberCopies(
  copies: ReadonlyMap<string, PublicSchemaWish>,
  session: SqlSession,
  privilegedRole: string,
  { verified, serverStarted }: { readonly verified: VerifiedDatabases; readonly serverStarted: string },
): Promise<void> {
  if (copies.size === 0) return;
  const found = decodeDatabases(await session.run(databasesQuery(privilegedRole)));
  for (const [name, wish] of copies) {
    const database = found.get(name);
    const seen = database === undefined ? null : fingerprint(wish, serverStarted, database.defaultGrants);
    if (database !== undefined && seen !== null) verified.set(database.oid, seen);
  }
}
