import { unknownVariant } from "../../base/decode-scalars.ts";
import type { Lsn } from "../../base/lsn.ts";
import { formatLsn } from "../../base/lsn.ts";
import type { TerminateOrder } from "../../compute/control.ts";
import type { Answer } from "../answer.ts";
import { empty, failure, json, wrongStatus } from "../answer.ts";
import type { Decoded, TargetValues } from "../input.ts";
import { accepted, badQuery, readFlag, targetInput } from "../input.ts";
import type { Route } from "../route.ts";

/**
 * HTTP-46 to HTTP-54: ends the compute and answers with the position up to which its WAL is safe. In which statuses it
 * may depends on the order (HTTP-78), so the compute decides that, not the record.
 */
export const terminate: Route<TerminateOrder> = {
  server: "external",
  method: "POST",
  path: "/terminate",
  auth: "jwt",
  input: targetInput(["mode", "force", "join"], decodeOrder),
  responses: [200, 201, 400, 412, 500],
  async handle({ control }, order): Promise<Answer> {
    const outcome = await control.terminate(order);
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

/** HTTP-46: a query string, even an empty one or one with other parameters, must name a mode; that protects from typos (T-10). */
function decodeOrder(target: TargetValues): Decoded<TerminateOrder> {
  const mode = target.hasQuery ? target.query.get("mode") : "fast";
  if (mode === undefined) return badQuery("missing field `mode`");
  if (mode !== "fast" && mode !== "immediate") return badQuery(unknownVariant(mode, ["fast", "immediate"]));
  const force = readFlag(target, "force", false);
  if (!force.ok) return force;
  const join = readFlag(target, "join", false);
  return join.ok ? accepted({ mode, force: force.value, join: join.value }) : join;
}

function lsnBody(lsn: Lsn | null): { readonly lsn: string | null } {
  return { lsn: lsn === null ? null : formatLsn(lsn) };
}
