import type { CheckReport, Fact, RejectedLine } from "./report.ts";

/** A report for people: the verdict first, then what is wrong, what is odd, and what will be in force. */
export function renderReport(report: CheckReport): string {
  const sections = [
    [verdict(report)],
    problemLines(report),
    section(
      "Warnings",
      report.warnings.map((warning) => `- ${warning}`),
    ),
    section("The compute", table(report.compute)),
    section("postgresql.conf, with what counts in it", confLines(report)),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function verdict({ source, good, warnings, postgres }: CheckReport): string {
  const asked = postgres === null ? "Postgres was not asked" : `Postgres ${postgres.version} accepts its settings`;
  const odd = warnings.length === 0 ? "no warnings" : `${warnings.length} warning${warnings.length === 1 ? "" : "s"}`;
  return good ? `${source} is good: ${asked}, ${odd}.` : `${source} cannot be used.`;
}

function problemLines({ problems, postgres }: CheckReport): readonly string[] {
  const own = problems.flatMap(({ path, message, hint }) => [
    `- ${path === "" ? message : `${path}: ${message}`}`,
    ...(hint === undefined ? [] : [`  hint: ${hint}`]),
  ]);
  const rejected = (postgres?.rejected ?? []).flatMap((line) => [
    `- ${rejectedText(line)}`,
    ...(line.hint === null ? [] : [`  hint: ${line.hint}`]),
  ]);
  return [
    ...section("Problems", own),
    ...(own.length > 0 && rejected.length > 0 ? [""] : []),
    ...section(`What Postgres ${postgres?.version} does not accept`, rejected),
  ];
}

function rejectedText({ line, message }: RejectedLine): string {
  return line === null ? message : `postgresql.conf line ${line}: ${message}`;
}

/** The file with its line numbers; below a line, what is not plain from it. */
function confLines({ postgresqlConf, settings, postgres: opinion }: CheckReport): readonly string[] {
  const notes = new Map<number, string>();
  for (const { line, value, overrules, postgres } of settings) {
    for (const overruled of overrules) notes.set(overruled, `does not count: line ${line} overrules it`);
    if (postgres !== null && postgres !== value) notes.set(line, `Postgres reads ${postgres}, in its own unit`);
  }
  for (const { line, message } of opinion?.rejected ?? []) if (line !== null) notes.set(line, `refused: ${message}`);
  return (postgresqlConf ?? []).flatMap((text, index) => {
    const note = notes.get(index + 1);
    return [`${String(index + 1).padStart(3)}  ${text}`.trimEnd(), ...(note === undefined ? [] : [`       ^ ${note}`])];
  });
}

function table(facts: readonly Fact[]): readonly string[] {
  const width = Math.max(0, ...facts.map(({ name }) => name.length));
  return facts.map(({ name, value }) => `${name.padEnd(width)}  ${value}`);
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}
