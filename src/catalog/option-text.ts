import { ident, literal } from "../base/quoting.ts";
import type { GenericOption } from "../spec/types.ts";

/** One option as SQL (APPLY-15): the bare name, the name and a literal, or the name and the value as it stands. */
export function sqlOption(option: GenericOption): string {
  if (option.value === null) return option.name;
  return `${option.name} ${option.vartype === "string" ? literal(option.value) : option.value}`;
}

/** The options that follow CREATE DATABASE and its name (APPLY-17). */
export function databaseOptionsText(options: readonly string[], owner: string): string {
  return [...options, `OWNER ${ident(owner)}`].join(" ");
}

/**
 * The options that follow ALTER ROLE and its name, and end those of CREATE ROLE (APPLY-16). `LOGIN` is left out when
 * `login` says that the options decide it, and the password when `verifier` is undefined.
 */
export function roleOptionsText(
  options: readonly string[],
  verifier: string | null | undefined,
  login: "implied" | "given",
): string {
  const password = verifier === undefined ? [] : [`PASSWORD ${verifier === null ? "NULL" : literal(verifier)}`];
  return [...options, ...(login === "implied" ? ["LOGIN"] : []), ...password].join(" ");
}
