import { DeadlineError } from "../../base/deadline.ts";
import { describeError } from "../../base/error-chain.ts";
import { ApiError, UnexpectedAnswerError, UnreachableError } from "../../client/errors.ts";

/** The exit codes of the subcommands; `usage` is that of every command line. */
export const commandExitCodes = { ok: 0, failed: 1, unreachable: 3, unauthorized: 4, timedOut: 5 } as const;

/** How a subcommand that threw ends: its exit code and what to say; undefined for an error of the program itself. */
export function failureOf(error: unknown): { readonly exitCode: number; readonly message: string } | undefined {
  const exitCode = exitCodeOf(error);
  return exitCode === undefined ? undefined : { exitCode, message: describeError(error) };
}

function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof ApiError) return error.unauthorized ? commandExitCodes.unauthorized : commandExitCodes.failed;
  if (error instanceof UnreachableError) return commandExitCodes.unreachable;
  if (error instanceof UnexpectedAnswerError) return commandExitCodes.failed;
  if (error instanceof DeadlineError) return commandExitCodes.timedOut;
  return undefined;
}
