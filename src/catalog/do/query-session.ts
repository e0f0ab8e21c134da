import { openUnlessAborted, unlessAborted, withDeadline } from "../../base/deadline.ts";
import type { OpenSession, SqlSession } from "../../base/sql.ts";

/** What a short visit to a database is for, where it goes, and how long it may take. */
export interface Visit {
  readonly purpose: string;
  /** The system database unless given. */
  readonly database?: string;
  /** How long one statement may run, in milliseconds. */
  readonly statementMsMax?: number;
}

const statementMsDefault = 30_000;
/** How much longer than one statement the whole visit may take: its statements are quick, or one of them is slow. */
const visitFactor = 2;

/** A step of a visit that failed, in the words that the internal routes answer with (HTTP-70, HTTP-71). */
export class VisitError extends Error {
  constructor(step: string, options: ErrorOptions) {
    super(step, options);
    this.name = "VisitError";
  }
}

/**
 * Opens a session, works in it, and closes it, whatever happens; it is gone from the server when this resolves. A statement
 * that takes too long fails with `57014`, a server that does not answer at all with a DeadlineError.
 */
export async function visit<T>(
  openSession: OpenSession,
  { purpose, statementMsMax = statementMsDefault, ...where }: Visit,
  signal: AbortSignal,
  work: (session: SqlSession) => Promise<T>,
): Promise<T> {
  return await withDeadline(purpose, visitFactor * statementMsMax, signal, async (limited) => {
    const session = await openUnlessAborted(openSession({ purpose, ...where }), limited);
    const inSession = async (): Promise<T> => {
      await session.run(`SET statement_timeout = ${statementMsMax}`);
      return await work(session);
    };
    try {
      return await unlessAborted(inSession(), limited);
    } finally {
      await session.close().catch(ignore);
    }
  });
}

/** As {@link visit}, and names the step that failed by a {@link VisitError}: the connecting, or a statement with its text. */
export async function visitByStep<T>(
  openSession: OpenSession,
  how: Visit,
  signal: AbortSignal,
  work: (session: SqlSession) => Promise<T>,
): Promise<T> {
  const open: OpenSession = async (target) => {
    const session = await failingAs("Failed to connect to the database", () => openSession(target));
    return {
      run: (sql) => failingAs(`Failed to execute query: ${sql}`, () => session.run(sql)),
      close: () => session.close(),
    };
  };
  return await visit(open, how, signal, work);
}

async function failingAs<T>(step: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new VisitError(step, { cause });
  }
}

/** How a session that has done its work, or is given up, came to close is of no interest. */
function ignore(): void {}
