import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Jwk } from "../../spec/types.ts";
import { badToken, bearerToken, denialFor, noToken } from "../authorization.ts";
import type { Authorize } from "../pipeline.ts";
import { createTokenVerifier } from "./verify-token.ts";

/** What the access rules depend on. */
export interface AccessFacts {
  /** The value of `--compute-id`. */
  readonly computeId: string;
  /** The keys of the config that the process started with (HTTP-25). */
  readonly jwks: readonly Jwk[];
  /** The environment's `INSTANCE_ID`; when it is set, even to nothing, every route is open (HTTP-23). */
  readonly instanceId: string | undefined;
}

/** The check of section 4 (HTTP-23 to HTTP-31) for the routes that need a token. */
export function createAuthorizer(facts: AccessFacts, deps: { log: Log; clock: Clock }): Authorize {
  if (facts.instanceId !== undefined) return async () => undefined;
  const verify = createTokenVerifier(facts.jwks, deps);
  return async (headers) => {
    const token = bearerToken(headers);
    if (token === undefined) return noToken;
    const claims = await verify(token);
    return claims === undefined ? badToken : denialFor(claims, facts.computeId);
  };
}
