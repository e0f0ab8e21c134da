import { unknownVariant } from "../../base/decode-scalars.ts";
import type { ComputeStatus } from "../../compute/status.ts";
import { computeStatuses } from "../../compute/status.ts";
import { json } from "../answer.ts";
import type { Decoded, TargetValues } from "../input.ts";
import { accepted, badQuery, targetInput } from "../input.ts";
import type { Route } from "../route.ts";
import { detailBody, statusBody } from "../status-body.ts";

/** For which statuses to wait, and for how long; undefined for an answer at once. */
type Wait = { readonly wanted: readonly ComputeStatus[]; readonly limitMs: number } | undefined;

interface Asked {
  readonly wait: Wait;
  readonly detail: boolean;
}

const waitSeconds = { default: 30, max: 300 } as const;

/**
 * HTTP-32: how the compute is; from memory, in every status. HTTP-76: on request, only once it has a certain status. HTTP-82:
 * on request, with more than the six members.
 */
export const status: Route<Asked> = {
  server: "external",
  method: "GET",
  path: "/status",
  auth: "jwt",
  input: targetInput(["wait_for", "timeout", "detail"], decodeAsked),
  responses: [200, 400],
  async handle({ control, statusDetail }, { wait, detail }, { signal }) {
    const view = wait === undefined ? control.status() : await control.waitForStatus(wait.wanted, wait.limitMs, signal);
    const body = statusBody(view);
    return json(200, detail ? { ...body, detail: detailBody(await statusDetail()) } : body);
  },
};

function decodeAsked(target: TargetValues): Decoded<Asked> {
  const wait = decodeWait(target);
  if (!wait.ok) return wait;
  const word = target.query.get("detail") ?? "false";
  if (word !== "true" && word !== "false") return badQuery("detail: expected true or false");
  return accepted({ wait: wait.value, detail: word === "true" });
}

function decodeWait({ query }: TargetValues): Decoded<Wait> {
  const words = query.get("wait_for")?.split(",");
  // Without it the parameter `timeout` means nothing, as in the original.
  if (words === undefined) return accepted(undefined);
  const wanted = computeStatuses.filter((each) => words.includes(each));
  const unknown = words.find((word) => !wanted.some((each) => each === word));
  if (unknown !== undefined) return badQuery(`wait_for: ${unknownVariant(unknown, computeStatuses)}`);
  const seconds = query.get("timeout") ?? String(waitSeconds.default);
  if (!/^\d+(?:\.\d+)?$/.test(seconds)) return badQuery("timeout: expected a number of seconds");
  return accepted({ wanted, limitMs: Math.min(Number(seconds), waitSeconds.max) * 1000 });
}
