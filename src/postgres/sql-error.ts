import { SqlError } from "../base/sql.ts";

/** SQLSTATE of a connection that broke, and of one that could not be made. */
const connectionFailure = "08006";
const cannotConnect = "08001";

/** The parts of an error report of the server. */
interface ServerError {
  readonly code: string;
  readonly message: string;
  readonly severity: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}

/**
 * The error of a statement: the server's with its SQLSTATE, else that of a lost connection. A server that ends the session
 * in mid-statement says so with a SQLSTATE of its own (`57P01`).
 */
export function statementError(error: unknown): SqlError {
  return serverError(error) ?? lostConnection(error);
}

/** The error of a session whose connection is gone. */
export function lostConnection(cause: unknown): SqlError {
  return new SqlError("the connection to Postgres broke", connectionFailure, { cause });
}

/** The error of a connection that was not made: the server's with its SQLSTATE, else `08001`. */
export function connectError(error: unknown, target: string): SqlError {
  return serverError(error) ?? new SqlError(`cannot connect to ${target}`, cannotConnect, { cause: error });
}

/** The server's report in the original's words: `db error: ERROR: …`, detail and hint on lines of their own. */
function serverError(error: unknown): SqlError | undefined {
  if (!isServerError(error)) return undefined;
  const { severity, message, detail, hint, code } = error;
  const lines = [`db error: ${severity}: ${message}`];
  if (detail !== undefined) lines.push(`DETAIL: ${detail}`);
  if (hint !== undefined) lines.push(`HINT: ${hint}`);
  return new SqlError(lines.join("\n"), code);
}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "severity" in error && "code" in error && typeof error.code === "string";
}
