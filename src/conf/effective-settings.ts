import { maskSecrets } from "../base/mask-secrets.ts";
import { confValue } from "../base/quoting.ts";
import { readAssignment } from "./conf-text.ts";

/** A setting that a configuration text sets, by the assignment that counts. */
export interface EffectiveSetting {
  /** As the text spells it. */
  readonly name: string;
  readonly value: string;
  /** Where it stands, counted from 1. */
  readonly line: number;
  /** The lines of earlier assignments, which it overrules. */
  readonly overrules: readonly number[];
}

const includes = new Set(["include", "include_if_exists", "include_dir"]);
const secretName = /(?:token|secret|passwo?r?d|passphrase|api_?key)$/i;

/** What a configuration text sets, in the order of the lines that count: of several the last, whatever the case. */
export function effectiveSettings(text: string): readonly EffectiveSetting[] {
  const found = new Map<string, EffectiveSetting>();
  for (const [index, line] of text.split("\n").entries()) {
    const assignment = readAssignment(line);
    if (assignment === undefined) continue;
    const { name, value } = assignment;
    const key = name.toLowerCase();
    if (includes.has(key)) continue;
    const earlier = found.get(key);
    const overrules = earlier === undefined ? [] : [...earlier.overrules, earlier.line];
    found.set(key, { name, value, line: index + 1, overrules });
  }
  return [...found.values()].sort((one, other) => one.line - other.line);
}

/** A setting's value as people may see it. */
export function maskedValue(name: string, value: string): string {
  if (secretName.test(name)) return value === "" ? "" : "[hidden]";
  return maskSecrets(value);
}

/**
 * What Postgres says of a setting, as people may see it: it repeats values, and words of lines that it cannot read.
 * @param line the line of the configuration text that it is about; undefined when there is none
 */
export function maskedMessage(setting: string | null, line: string | undefined, message: string): string {
  const name = setting ?? firstWord(line ?? "");
  return secretName.test(name) ? message.replace(/(: |near token )".*/s, "$1[hidden]") : maskSecrets(message);
}

/** A line of a configuration text as people may see it: the secrets in it are hidden, and nothing else is changed. */
export function maskedLine(line: string): string {
  const assignment = readAssignment(line);
  if (assignment === undefined) {
    const name = firstWord(line);
    return secretName.test(name) ? `${name} [hidden]` : maskSecrets(line);
  }
  const { name, value } = assignment;
  const masked = maskedValue(name, value);
  return masked === value ? line : `${name} = ${confValue(masked)}`;
}

/** What a line assigns to, if it is one that assigns, also when its value cannot be read. */
function firstWord(line: string): string {
  return /^\s*(?<name>[^\s=#]+)/.exec(line)?.groups?.["name"] ?? "";
}
