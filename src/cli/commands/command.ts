import type { ComputeClient } from "../../client/compute-client.ts";
import type { GivenOptions } from "../arguments.ts";
import type { OptionRow } from "../option-table.ts";

/** An option of a subcommand. */
export type CommandOption = Omit<OptionRow, "group" | "later">;

/** What a subcommand has to work with. */
export interface CommandContext {
  readonly client: ComputeClient;
  /** The options of its own, by name. */
  readonly given: GivenOptions<string>;
  readonly timeoutMs: number;
  /** Whether the output is for programs. */
  readonly json: boolean;
  /** Prints to stdout, with an end of line. */
  readonly print: (text: string) => void;
  /** Prints to stderr, with an end of line. */
  readonly complain: (text: string) => void;
}

/** A subcommand of the program. */
export interface Command {
  /** Those of its own; the common ones come on top. */
  readonly options: readonly CommandOption[];
  readonly timeoutSecondsDefault: number;
  /** Resolves to the exit code; what it throws is sorted by `failureOf`. */
  run(context: CommandContext): Promise<number>;
}
