import { empty, json, notAvailable, wrongStatus } from "../answer.ts";
import type { Decoded, TargetValues } from "../input.ts";
import { accepted, badQuery, noInput, targetInput } from "../input.ts";
import type { Route } from "../route.ts";

/** HTTP-62: the state of the last or running prewarm. */
export const prewarmState: Route<undefined> = {
  server: "external",
  method: "GET",
  path: "/lfc/prewarm",
  auth: "jwt",
  input: noInput,
  responses: [200],
  handle: () => json(200, { status: "not_prewarmed" }),
};

/** HTTP-61: loads a saved cache state; the input is the endpoint whose state it is, null for the compute's own. */
export const startPrewarm: Route<string | null> = {
  server: "external",
  method: "POST",
  path: "/lfc/prewarm",
  auth: "jwt",
  input: targetInput(["from_endpoint"], decodeEndpoint),
  responses: [202, 400, 412, 429, 501],
  handle({ control }) {
    // T-1: without a spec there is nothing to load.
    const { status } = control.status();
    return status === "empty" ? wrongStatus(status) : notAvailable("prewarming the local file cache");
  },
};

/** HTTP-63: cancels a running prewarm; none is running, which is as good (T-12). */
export const cancelPrewarm: Route<undefined> = {
  server: "external",
  method: "DELETE",
  path: "/lfc/prewarm",
  auth: "jwt",
  input: noInput,
  responses: [202],
  handle: () => empty(202),
};

/** HTTP-61: a query string must name the endpoint, and the name will be a part of a URL's path (T-13). */
function decodeEndpoint({ hasQuery, query }: TargetValues): Decoded<string | null> {
  const endpoint = query.get("from_endpoint");
  if (endpoint === undefined) return hasQuery ? badQuery("missing field `from_endpoint`") : accepted(null);
  if (["", ".", ".."].includes(endpoint)) return badQuery("from_endpoint: this is no endpoint id");
  return accepted(endpoint);
}
