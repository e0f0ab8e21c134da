import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Metrics } from "../../metrics/registry.ts";
import type { Jwk } from "../../spec/types.ts";
import type { Denial } from "../authorization.ts";
import { badToken, bearerToken, denialFor, denialHint, noToken } from "../authorization.ts";
import { selectKeys } from "../key-set.ts";
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
  /** Reads tokens as the original does (FIELD-7). */
  readonly strict: boolean;
}

/** The check of the routes that need a token, and its keys. */
export interface Authorizer {
  readonly authorize: Authorize;
  /** Puts other keys in force for the requests that come from now on; a set without a usable key changes nothing. */
  replaceKeys(jwks: readonly Jwk[]): void;
}

/** The check of section 4 (HTTP-23 to HTTP-31). A key that cannot be used is skipped with one warning (FIELD-6). */
export function createAuthorizer(
  facts: AccessFacts,
  deps: { readonly log: Log; readonly clock: Clock; readonly metrics: Metrics },
): Authorizer {
  const { log, metrics } = deps;
  const reading = { ...deps, strict: facts.strict };
  if (facts.instanceId !== undefined) return { authorize: async () => undefined, replaceKeys() {} };

  function select(jwks: readonly Jwk[]) {
    const keySet = selectKeys(jwks);
    for (const warning of keySet.warnings) log.warn(warning);
    return keySet;
  }

  let inForce = JSON.stringify(facts.jwks);
  let verify = createTokenVerifier(select(facts.jwks), reading);

  async function check(headers: Parameters<Authorize>[0]): Promise<Denial | undefined> {
    const token = bearerToken(headers);
    if (token === undefined) return noToken;
    const result = await verify(token);
    if (!result.ok) return badToken(result.fault);
    const denial = denialFor(result.claims, facts.computeId);
    if (denial !== undefined) log.warn(`refused a request: ${denialHint(denial.fault)}`);
    return denial;
  }

  return {
    async authorize(headers) {
      const denial = await check(headers);
      if (denial !== undefined) metrics.add("compute_ctl_http_auth_failures_total", { reason: denial.fault }, 1);
      return denial;
    },
    replaceKeys(jwks) {
      const offered = JSON.stringify(jwks);
      if (offered === inForce) return;
      const keySet = select(jwks);
      if (keySet.keys.length === 0) return log.warn("keeping the authorization keys: none of the new ones can be used");
      inForce = offered;
      verify = createTokenVerifier(keySet, reading);
      log.info(`authorization keys replaced: ${keySet.keys.map(({ name }) => name).join(", ")}`);
    },
  };
}
