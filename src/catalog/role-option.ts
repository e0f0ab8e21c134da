import type { GenericOption, Problem } from "../spec/types.ts";
import { sqlOption } from "./option-text.ts";

const attributes = ["SUPERUSER", "CREATEDB", "CREATEROLE", "INHERIT", "LOGIN", "REPLICATION", "BYPASSRLS"] as const;
const attribute = new RegExp(`^(?:NO)?(${attributes.join("|")})$`);
const connectionLimit = /^CONNECTION\s+LIMIT\s+[+-]?\d+$/i;
const validUntil = /^VALID\s+UNTIL\s+E?'(?:[^'\\]|''|\\\\)*'$/i;
const known = `[NO]${attributes.join(", [NO]")}, CONNECTION LIMIT <number>, VALID UNTIL <string>, managed_password`;

/** An option of a spec role, recognised: SQL text, and which attribute it decides. */
export interface RoleOption {
  readonly decides: string;
  readonly text: string;
}

/** The options of one spec role, recognised. */
export interface RoleOptions {
  readonly options: readonly RoleOption[];
  /** False: the password of a role that exists is left alone (FIELD-9). */
  readonly managesPassword: boolean;
}

/**
 * Recognises a role's options. Repetitions are dropped; unknown ones and contradictions become problems, because Postgres
 * would refuse the statement with 42601 (T7).
 * @param strict takes `managed_password` for what it is to the original, an option that Postgres does not know
 */
export function recogniseRoleOptions(
  role: string,
  options: readonly GenericOption[],
  path: string,
  { strict }: { readonly strict: boolean },
): RoleOptions & { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const found = new Map<string, RoleOption>();
  let managesPassword = true;
  for (const [index, option] of options.entries()) {
    const problem = (message: string, hint: string): void => {
      problems.push({ path: `${path}[${index}]`, message: `role "${role}": ${message}`, hint });
    };
    if (option.name === "managed_password" && !strict) {
      managesPassword = option.value !== "false";
      continue;
    }
    const recognised = recognise(sqlOption(option));
    if (recognised === undefined) {
      problem(`option "${option.name}" is unknown or malformed`, `known options: ${known}`);
      continue;
    }
    const earlier = found.get(recognised.decides);
    if (earlier === undefined) found.set(recognised.decides, recognised);
    else if (earlier.text !== recognised.text) {
      problem(`options "${earlier.text}" and "${recognised.text}" contradict each other`, "keep one of them");
    }
  }
  return { options: [...found.values()], managesPassword, problems };
}

function recognise(written: string): RoleOption | undefined {
  const text = written.trim();
  const word = text.toUpperCase();
  const decides = attribute.exec(word)?.[1];
  if (decides !== undefined) return { decides, text: word };
  if (connectionLimit.test(text)) return { decides: "CONNECTION LIMIT", text };
  if (validUntil.test(text)) return { decides: "VALID UNTIL", text };
  return undefined;
}
