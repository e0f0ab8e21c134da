/** A setting as it stands in a configuration text; the value is unquoted. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
}

const nameChars = "[A-Za-z_\\u0080-\\uffff][\\w$\\u0080-\\uffff]*";
const assignment = new RegExp(
  `^\\s*(?<name>${nameChars}(?:\\.${nameChars})*)(?![\\w$.\\u0080-\\uffff])` +
    "\\s*(?:=\\s*)?(?<value>'(?:[^'\\\\]|\\\\.|'')*'|[^\\s#'=][^\\s#']*)\\s*(?:#.*)?$",
  "s",
);
const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Reads one line of postgresql.conf; undefined when it assigns nothing (empty, a comment, not well formed). */
export function readAssignment(line: string): Assignment | undefined {
  const { name, value } = assignment.exec(line)?.groups ?? {};
  return name === undefined || value === undefined ? undefined : { name, value: unquote(value) };
}

/** Whether two texts name the same setting: Postgres ignores case there. */
export function sameSetting(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** The value that the last assignment of `name` in a configuration text gives it. Included files are not looked into. */
export function lastValueOf(text: string, name: string): string | undefined {
  return text
    .split("\n")
    .map(readAssignment)
    .findLast((found) => found !== undefined && sameSetting(found.name, name))?.value;
}

function unquote(value: string): string {
  if (!value.startsWith("'")) return value;
  return value
    .slice(1, -1)
    .replaceAll(/''|\\([0-7]{1,3}|.)/gs, (whole: string, escaped?: string) =>
      escaped === undefined ? whole.charAt(0) : decodeEscape(escaped),
    );
}

function decodeEscape(escaped: string): string {
  return /^[0-7]/.test(escaped)
    ? String.fromCharCode(Number.parseInt(escaped, 8) & 0xff)
    : (escapes[escaped] ?? escaped);
}
