import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import { type OpenSession, type SqlRow, sqlState } from "../../base/sql.ts";
import {
  type CountedExtension,
  countedDatabasesQuery,
  createExtensionCount,
  databaseExtensionsQuery,
  extensionStatisticsLine,
} from "../extension-count.ts";
import { requiredText } from "../row-values.ts";
import { visit } from "./query-session.ts";

const purpose = "get_installed_extensions";
const noSuchDatabase = "3D000";

/**
 * Visits the databases one after the other and counts their extensions; logs the result (CAT-10). A database that cannot be
 * visited is left out. Each session is gone before the next one begins: one that lingered in template1 would make
 * `CREATE DATABASE` fail (T22).
 * @throws Error when the databases cannot be listed, or none can be visited
 */
export async function countExtensions(
  openSession: OpenSession,
  log: Log,
  signal: AbortSignal,
): Promise<readonly CountedExtension[]> {
  try {
    const extensions = await count(openSession, log, signal);
    log.info(extensionStatisticsLine(extensions));
    return extensions;
  } catch (cause) {
    signal.throwIfAborted();
    throw new Error("could not get installed extensions", { cause });
  }
}

async function count(openSession: OpenSession, log: Log, signal: AbortSignal): Promise<readonly CountedExtension[]> {
  const ask = (sql: string, database?: string): Promise<readonly SqlRow[]> =>
    visit(openSession, { purpose, ...(database === undefined ? {} : { database }) }, signal, (session) =>
      session.run(sql),
    );
  const counted = createExtensionCount();
  let visited = 0;
  let failure: unknown;
  for (const row of await ask(countedDatabasesQuery)) {
    const database = requiredText(row, "name");
    try {
      counted.add(await ask(databaseExtensionsQuery, database));
      visited += 1;
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
      // A database that was dropped meanwhile has no extensions.
      if (sqlState(error) === noSuchDatabase) continue;
      log.warn(`could not get the extensions of database ${JSON.stringify(database)}: ${describeError(error)}`);
    }
  }
  if (visited === 0 && failure !== undefined) throw failure;
  return counted.list();
}
