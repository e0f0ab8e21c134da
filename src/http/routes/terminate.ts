import type { Lsn } from "../../base/lsn.ts";
import { formatLsn } from "../../base/lsn.ts";
import type { TerminateMode } from "../../compute/control.ts";
import type { Answer } from "../answer.ts";
import { empty, failure, json, wrongStatus } from "../answer.ts";
import type { Decoded, Route } from "../route.ts";

/** HTTP-46 to HTTP-54: ends the compute and answers with the position up to which its WAL is safe. */
export const terminate: Route<TerminateMode> = {
  server: "external",
  method: "POST",
  path: "/terminate",
  auth: "jwt",
  allowedIn: ["empty", "running", "terminated"],
  input: { from: "query", decode: decodeMode },
  async handle({ control }, mode): Promise<Answer> {
    const outcome = await control.terminate(mode);
    switch (outcome.kind) {
      case "terminated":
        return json(200, lsnBody(outcome.lsn));
      case "already-terminated":
        return json(201, lsnBody(outcome.lsn));
      case "was-empty":
        return empty(200);
      case "refused":
        return wrongStatus(outcome.status);
      case "failed":
        return failure(500, outcome.error);
    }
  },
};

/** HTTP-46: a query string, even an empty one, must name a mode; that protects from typos (T-10). */
function decodeMode(query: string | undefined): Decoded<TerminateMode> {
  if (query === undefined) return { ok: true, value: "fast" };
  const [mode, repeated] = new URLSearchParams(query).getAll("mode");
  if (repeated !== undefined) return badQuery("duplicate field `mode`");
  if (mode === undefined) return badQuery("missing field `mode`");
  if (mode === "fast" || mode === "immediate") return { ok: true, value: mode };
  return badQuery(`unknown variant \`${mode}\`, expected \`fast\` or \`immediate\``);
}

function badQuery(detail: string): Decoded<TerminateMode> {
  return { ok: false, status: 400, error: `failed to deserialize query string: ${detail}` };
}

function lsnBody(lsn: Lsn | null): { readonly lsn: string | null } {
  return { lsn: lsn === null ? null : formatLsn(lsn) };
}
