import { parseArgs } from "node:util";
import { type OptionName, optionRows, optionTable } from "./option-table.ts";

/** A command line that cannot be used; the process ends with exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** The options as given: a value each, or true for a switch. Options that were not given are absent. */
export type GivenOptions = ReadonlyMap<string, string | true>;

/**
 * Takes a command line apart (CLI-1): `--name V`, `--name=V`, `-X V`, `-XV`, `-X=V`; no abbreviations, nothing twice,
 * no positional arguments.
 * @throws UsageError that names the argument
 */
export function readArguments(argv: readonly string[]): GivenOptions {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(optionTable.map((row) => [row.name, parseArgsOption(row.name)])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string | true>();
  for (const token of tokens) {
    if (token.kind === "positional") throw new UsageError(`unexpected argument '${token.value}'`);
    if (token.kind === "option-terminator") continue;
    const name = knownName(token.name, token.rawName);
    if (given.has(name)) throw new UsageError(`the argument '--${name}' cannot be used multiple times`);
    given.set(name, takesValue(name) ? optionValue(token, name) : switchValue(token, name));
  }
  return given;
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function parseArgsOption(name: string): { type: "string" | "boolean"; short?: string } {
  const short = optionRows.get(name)?.short;
  return { type: takesValue(name) ? "string" : "boolean", ...(short === undefined ? {} : { short }) };
}

function takesValue(name: string): boolean {
  return optionRows.get(name)?.value !== undefined;
}

function knownName(name: string, rawName: string): OptionName {
  const row = optionTable.find((candidate) => candidate.name === name);
  if (row === undefined) throw new UsageError(`unexpected argument '${rawName}'`);
  return row.name;
}

function optionValue(token: OptionToken, name: OptionName): string {
  const { value } = token;
  if (value === undefined || (token.inlineValue === false && value.startsWith("-"))) {
    throw new UsageError(`a value is required for '--${name} <${optionRows.get(name)?.value}>' but none was given`);
  }
  const isShort = !token.rawName.startsWith("--");
  return isShort && token.inlineValue === true && value.startsWith("=") ? value.slice(1) : value;
}

function switchValue(token: OptionToken, name: OptionName): true {
  if (token.value !== undefined) throw new UsageError(`'--${name}' takes no value, but '${token.value}' was given`);
  return true;
}
