import { json } from "../answer.ts";
import type { Decoded, TargetValues } from "../input.ts";
import { accepted, badQuery, targetInput } from "../input.ts";
import type { Route } from "../route.ts";

const linesDefault = 100;

/** HTTP-79: the newest lines of the program's log, the oldest first. */
export const logs: Route<number> = {
  server: "external",
  method: "GET",
  path: "/logs",
  auth: "jwt",
  isScrape: true,
  input: targetInput(["lines"], decodeCount),
  responses: [200, 400],
  handle: ({ recentLogLines }, count) => json(200, { lines: recentLogLines(count) }),
};

function decodeCount({ query }: TargetValues): Decoded<number> {
  const text = query.get("lines") ?? String(linesDefault);
  return /^\d{1,9}$/.test(text) ? accepted(Number(text)) : badQuery("lines: expected a whole number");
}
