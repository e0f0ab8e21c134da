import type { Problem, Refusal } from "./types.ts";

/** How many problems a text shows; a spec may have thousands that are all the same. */
const problemsShownMax = 20;

const headlines: Readonly<Record<Refusal["kind"], string>> = {
  syntax: "is not valid JSON for a config",
  schema: "does not have the form of a config",
  derive: "cannot be used",
};

/**
 * What a person reads about a refused input (SPEC-2): a line per problem, with its path, and a line per hint.
 * @param sourceName where the input came from, such as the path of its file
 */
export function describeRefusal(refusal: Refusal, sourceName: string): string {
  const shown = refusal.problems.slice(0, problemsShownMax);
  const lines = shown.flatMap((problem) => [
    `  ${located(problem)}`,
    ...(problem.hint === undefined ? [] : [`    hint: ${problem.hint}`]),
  ]);
  const hidden = refusal.problems.length - shown.length;
  if (hidden > 0) lines.push(`  and ${hidden} more`);
  return [`${sourceName} ${headlines[refusal.kind]}:`, ...lines].join("\n");
}

/** A refused body as HTTP answers it (HTTP-20, SPEC-17): in the original's form, and behind it the hints (FIELD-5). */
export function refusalForHttp(refusal: Refusal): { readonly status: 400 | 422; readonly error: string } {
  const { kind, problems } = refusal;
  if (kind === "derive") {
    const first = problems.slice(0, 1);
    return { status: 400, error: `${first[0]?.message ?? "the spec cannot be used"}${hintsBehind(first)}` };
  }
  const what =
    kind === "syntax"
      ? "failed to parse the request body as json"
      : "failed to deserialize the json body into the target type";
  const error = `${what}: ${summarizeRefusal(refusal)}`.toLowerCase();
  return { status: kind === "syntax" ? 400 : 422, error: `${error}${hintsBehind(problems)}` };
}

/** The problems on one line, without hints. */
export function summarizeRefusal({ problems }: Refusal): string {
  return problems.slice(0, problemsShownMax).map(located).join("; ");
}

/** Hints keep their case: they show how something is spelled. */
function hintsBehind(problems: readonly Problem[]): string {
  const hints = new Set(problems.slice(0, problemsShownMax).flatMap(({ hint }) => (hint === undefined ? [] : [hint])));
  return hints.size === 0 ? "" : ` (hint: ${[...hints].join("; ")})`;
}

function located({ path, message }: Problem): string {
  return path === "" ? message : `${path}: ${message}`;
}
