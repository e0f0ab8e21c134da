import { UsageError } from "./arguments.ts";

/** Where tests have this program fail on purpose (chapter 03, HTTP-75). */
export interface Failpoints {
  /** The migration that fails after its SQL ran (MIG-7); null for none. */
  readonly migration: number | null;
}

/** Nothing fails on purpose. */
export const noFailpoints: Failpoints = Object.freeze({ migration: null });

const migrationName = "compute-migration";

/**
 * Reads the variable `FAILPOINTS`: `name=action;name=action`. Of the actions there are `return(<number>)` and `off`; of the names,
 * those that this program does not have come back in `unknown`.
 * @throws UsageError that names the part which cannot be used
 */
export function parseFailpoints(text: string): {
  readonly failpoints: Failpoints;
  readonly unknown: readonly string[];
} {
  let failpoints = noFailpoints;
  const unknown: string[] = [];
  for (const part of text.split(";").map((each) => each.trim())) {
    if (part === "") continue;
    const { name, action } = /^(?<name>[^=]+?)\s*=\s*(?<action>.*)$/.exec(part)?.groups ?? {};
    const { number, off } = /^(?:return\((?<number>\d{1,9})\)|(?<off>off))$/.exec(action ?? "")?.groups ?? {};
    if (name === undefined || (number === undefined && off === undefined)) {
      throw new UsageError(`FAILPOINTS: '${part}' is not of the form name=return(number), or name=off`);
    }
    if (name === migrationName) failpoints = Object.freeze({ migration: number === undefined ? null : Number(number) });
    else unknown.push(name);
  }
  return { failpoints, unknown };
}
