import { describeError } from "../../base/error-chain.ts";
import type { Log } from "../../base/log.ts";
import type { OpenSession, SqlRow, SqlSession } from "../../base/sql.ts";
import { insightsDocument, insightsQuery, insightsViewQuery } from "../statement-insights.ts";
import { visit } from "./query-session.ts";

/**
 * Collects the slowest statements as a JSON document (CAT-6); an empty one where they cannot be had (T-18).
 * @throws SqlError, DeadlineError when Postgres cannot be reached (T-2)
 */
export async function collectInsights(openSession: OpenSession, log: Log, signal: AbortSignal): Promise<string> {
  return await visit(openSession, { purpose: "collect_insights" }, signal, async (session) =>
    insightsDocument(await readStatements(session, log)),
  );
}

async function readStatements(session: SqlSession, log: Log): Promise<readonly SqlRow[]> {
  try {
    const view = await session.run(insightsViewQuery);
    return view.length === 0 ? [] : await session.run(insightsQuery);
  } catch (error) {
    log.warn(`could not read pg_stat_statements: ${describeError(error)}`);
    return [];
  }
}
