import { parseArgs } from "node:util";
import type { OptionName, OptionRow } from "./option-table.ts";

/** A command line that cannot be used; the process ends with exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** What the parser has to know of an option. */
type ArgumentRow = Pick<OptionRow, "name" | "short" | "value">;

/** The options as given: a value each, or true for a switch. Options that were not given are absent. */
export type GivenOptions<Name extends string = OptionName> = ReadonlyMap<Name, string | true>;

/**
 * Takes a command line with the options of a table apart (CLI-1): `--name V`, `--name=V`, `-X V`, `-XV`, `-X=V`; no abbreviations, nothing twice,
 * no positional arguments.
 * @throws UsageError that names the argument
 */
export function readArguments<Row extends ArgumentRow>(
  argv: readonly string[],
  table: readonly Row[],
): GivenOptions<Row["name"]> {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(table.map((row) => [row.name, parseArgsOption(row)])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<Row["name"], string | true>();
  for (const token of tokens) {
    if (token.kind === "positional") throw new UsageError(`unexpected argument '${token.value}'`);
    if (token.kind === "option-terminator") continue;
    const row = table.find(({ name }) => name === token.name);
    if (row === undefined) throw new UsageError(`unexpected argument '${token.rawName}'`);
    if (given.has(row.name)) throw new UsageError(`the argument '--${row.name}' cannot be used multiple times`);
    given.set(row.name, row.value === undefined ? switchValue(token, row) : optionValue(token, row));
  }
  return given;
}

/** The value of an option; undefined when it was not given, or is a switch. */
export function text<Name extends string>(given: GivenOptions<Name>, name: Name): string | undefined {
  const value = given.get(name);
  return typeof value === "string" ? value : undefined;
}

/** A role's name that may stand in SQL without quotes (APPLY-18). @throws UsageError */
export function checkedRoleName(name: string): string {
  if (!/^[a-z_]+$/.test(name)) {
    throw new UsageError("--privileged-role-name can only contain lowercase letters and underscores");
  }
  return name;
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function parseArgsOption({ short, value }: ArgumentRow): { type: "string" | "boolean"; short?: string } {
  return { type: value === undefined ? "boolean" : "string", ...(short === undefined ? {} : { short }) };
}

function optionValue(token: OptionToken, row: ArgumentRow): string {
  const { value } = token;
  if (value === undefined || (token.inlineValue === false && value.startsWith("-"))) {
    throw new UsageError(`a value is required for '--${row.name} <${row.value}>' but none was given`);
  }
  const isShort = !token.rawName.startsWith("--");
  return isShort && token.inlineValue === true && value.startsWith("=") ? value.slice(1) : value;
}

function switchValue(token: OptionToken, row: ArgumentRow): true {
  if (token.value !== undefined) throw new UsageError(`'--${row.name}' takes no value, but '${token.value}' was given`);
  return true;
}
