import { errorCode } from "./error-chain.ts";

/** One result row; every value is the text that Postgres sent, or null. */
export type SqlRow = Readonly<Record<string, string | null>>;

/** An open session with Postgres. Every room that speaks SQL takes one of these; `postgres/do/session.ts` makes them. */
export interface SqlSession {
  /**
   * Runs one or more statements as one simple-protocol query and returns the rows of the last one.
   * @throws SqlError with the server's SQLSTATE, or with `08006` when the connection broke.
   */
  run(sql: string): Promise<readonly SqlRow[]>;
  close(): Promise<void>;
}

/** Where a session is to be opened, and what for: it announces itself as `compute_ctl:<purpose>`. */
export interface SessionTarget {
  readonly purpose: string;
  /** By default that of the connection string. */
  readonly database?: string;
  /** Only to reach a cluster that does not know the connection string's user yet (APPLY-8). */
  readonly user?: "zenith_admin";
}

/** Opens a session. */
export type OpenSession = (target: SessionTarget) => Promise<SqlSession>;

/** An error that came from Postgres, or from the connection to it. */
export class SqlError extends Error {
  /** The SQLSTATE, five characters. */
  readonly code: string;
  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SqlError";
    this.code = code;
  }
}

/** The SQLSTATE of an error that came from Postgres; undefined for others. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof SqlError ? errorCode(error) : undefined;
}
