/** Something in a configuration text that Postgres does not accept. */
export interface ConfProblem {
  /** Counted from 1; null when Postgres names neither line nor setting. */
  readonly line: number | null;
  /** The setting, when Postgres names one. */
  readonly setting: string | null;
  /** In Postgres's words, without the place. */
  readonly message: string;
  readonly hint: string | null;
}

const severity = /(?:^|\s)(LOG|WARNING|ERROR|FATAL|HINT|DETAIL): {2}(.*)$/;
const place = / in file "[^"]*" line (\d+)(,)?/;
const settingNamed = /parameter "([^"]+)"/;
/** What only says that other messages matter, or that a file which nobody needs is not there. */
const noise = /^skipping missing configuration file|^configuration file "[^"]*" contains errors/;

/** What `postgres -C` wrote to stderr about a configuration text that it read, in its order. */
export function confProblems(stderr: string): readonly ConfProblem[] {
  const problems: ConfProblem[] = [];
  for (const text of stderr.split("\n")) {
    const [, kind = "", message = ""] = severity.exec(text) ?? [];
    const last = problems.at(-1);
    if (kind === "" || noise.test(message)) continue;
    if (kind === "HINT" || kind === "DETAIL") {
      if (last !== undefined) problems[problems.length - 1] = { ...last, hint: message };
      continue;
    }
    const line = place.exec(message)?.[1];
    problems.push({
      line: line === undefined ? null : Number(line),
      setting: settingNamed.exec(message)?.[1] ?? null,
      message: message.replace(place, ""),
      hint: null,
    });
  }
  return problems;
}
