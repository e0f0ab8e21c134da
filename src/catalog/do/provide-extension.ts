import { type OpenSession, type SqlSession, sqlState } from "../../base/sql.ts";
import { extensionStatement, extensionVersionQuery, type WantedExtension } from "../extension-version.ts";
import { VisitError, visitByStep } from "./query-session.ts";

/** Creating one may first have to fetch its files, and then run long scripts. */
const statementMsMax = 120_000;
/** What `IF NOT EXISTS` fails with when another session creates the same extension at this moment. */
const createdMeanwhile: readonly (string | undefined)[] = ["23505", "42710"];

/** Sees to it that a database has an extension in a certain version (CAT-4). @throws VisitError, DeadlineError */
export async function provideExtension(
  openSession: OpenSession,
  wanted: WantedExtension,
  signal: AbortSignal,
): Promise<void> {
  const { database } = wanted;
  await visitByStep(
    openSession,
    { purpose: "install_extension", database, statementMsMax },
    signal,
    async (session) => {
      try {
        await provide(session, wanted);
      } catch (error) {
        if (!(error instanceof VisitError && createdMeanwhile.includes(sqlState(error.cause)))) throw error;
        await provide(session, wanted);
      }
    },
  );
}

async function provide(session: SqlSession, wanted: WantedExtension): Promise<void> {
  const statement = extensionStatement(wanted, await session.run(extensionVersionQuery(wanted)));
  if (statement !== undefined) await session.run(statement);
}
