import { describeError } from "../base/error-chain.ts";
import type { Answer } from "./answer.ts";
import { empty, failure, unreadable, wrongStatus } from "./answer.ts";
import type { Denial } from "./authorization.ts";
import type { RawHeaders } from "./raw-headers.ts";
import type { InputSource } from "./read-input.ts";
import { readInput } from "./read-input.ts";
import type { RequestContext, Services } from "./route.ts";
import type { Match, RouteTable } from "./route-table.ts";

/** A request whose head has arrived. */
export interface Incoming extends InputSource, RequestContext {}

/** Decides whether a request may use the routes that need a token; undefined when it may. */
export type Authorize = (headers: RawHeaders) => Promise<Denial | undefined>;

/** What a server needs in order to answer. */
export interface Responder {
  readonly routes: RouteTable;
  readonly authorize: Authorize;
  readonly services: Services;
}

/**
 * Takes a request through the checks of HTTP-9, in their order: route, method, authorization, path and query, content
 * type, body, status, action. Never rejects: an exception anywhere is a 500 and touches no other request (T-1, T-2).
 */
export async function answerRequest(responder: Responder, match: Match, request: Incoming): Promise<Answer> {
  switch (match.kind) {
    case "unknown-path":
      return empty(404);
    case "wrong-method":
      return { ...empty(405), allow: match.allow };
    case "route":
      try {
        return await runRoute(responder, match, request);
      } catch (error) {
        return failure(500, describeError(error));
      }
  }
}

async function runRoute(
  { authorize, services }: Responder,
  { route, rest }: Extract<Match, { kind: "route" }>,
  request: Incoming,
): Promise<Answer> {
  const denial = route.auth === "jwt" ? await authorize(request.rawHeaders) : undefined;
  if (denial !== undefined) return failure(denial.status, denial.error);
  const input = await readInput(route.input, rest, request);
  if (!input.ok) return unreadable(input.status, input.error);
  if (route.allowedIn !== undefined) {
    const { status } = services.control.status();
    if (!route.allowedIn.includes(status)) return wrongStatus(status);
  }
  const { signal, trace, rawHeaders } = request;
  return route.handle(services, input.value, { signal, trace, rawHeaders });
}
