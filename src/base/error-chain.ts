/** The messages of an error and its causes, outermost first. Repeated neighbours (a wrapper that adds nothing) count once. */
export function errorChain(error: unknown): readonly string[] {
  const chain: string[] = [];
  const seen = new Set<unknown>();
  for (let at: unknown = error; at !== undefined && at !== null && !seen.has(at); at = causeOf(at)) {
    seen.add(at);
    const text = messageOf(at);
    if (text !== chain.at(-1)) chain.push(text);
  }
  return chain;
}

/** The chain on one line, joined by `: `. */
export function describeError(error: unknown): string {
  return errorChain(error).join(": ");
}

/** The chain as `/status` shows it (HTTP-32): the outer message, then a `Caused by:` block, numbered when it has several lines. */
export function describeErrorForStatus(error: unknown): string {
  const [outer = "unknown error", ...causes] = errorChain(error);
  if (causes.length === 0) return outer;
  const lines = causes.length === 1 ? [`    ${causes[0]}`] : causes.map((cause, index) => `    ${index}: ${cause}`);
  return `${outer}\n\nCaused by:\n${lines.join("\n")}`;
}

/** The `code` of a system or database error (`ENOENT`, `42P01`), if it has one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
