import { SqlError, sqlState } from "../../base/sql.ts";

/** An error that says what could not be done, with the SQLSTATE of its cause if that has one. */
export function namedFailure(what: string, cause: unknown): Error {
  const code = sqlState(cause);
  return code === undefined ? new Error(what, { cause }) : new SqlError(what, code, { cause });
}
