import type { RawHeaders } from "./raw-headers.ts";
import { firstHeader } from "./raw-headers.ts";

/** What a token says about its bearer (HTTP-28). */
export interface Claims {
  readonly computeId: string | null;
  readonly scope: typeof adminScope | null;
  readonly audience: readonly string[] | null;
}

/** What is wrong with a request's token, as the label of a metric tells it. */
export type TokenFault =
  | "absent"
  | "no-usable-key"
  | "bad-signature"
  | "bad-claims"
  | "expired"
  | "missing-audience"
  | "wrong-audience"
  | "missing-compute-id"
  | "wrong-compute-id";

/** Why a request is turned away. */
export interface Denial {
  readonly status: 400 | 401 | 403;
  readonly error: string;
  readonly fault: TokenFault;
}

/** The outcome of checking a token: `fault` and `reason` are for metrics and log, the client is not told them. */
export type ClaimsResult =
  | { readonly ok: true; readonly claims: Claims; readonly oddity: string | null }
  | { readonly ok: false; readonly fault: TokenFault; readonly reason: string };

const adminScope = "compute_ctl:admin";
const computeAudience = "compute";
/** HTTP-29: how long after its `exp` a token still passes, for clocks that differ. */
const leewaySeconds = 60;
const bearer = /^bearer +([^ ].*)?$/i;

/** Step 1 of the table in section 4. */
export const noToken: Denial = { status: 400, error: "invalid authorization token", fault: "absent" };

/** Step 2: the same text whatever is wrong. */
export function badToken(fault: TokenFault): Denial {
  return { status: 401, error: "failed to verify authorization token", fault };
}

/** The token of the first `Authorization: Bearer` header, undefined when that is missing or of another form (HTTP-24). */
export function bearerToken(headers: RawHeaders): string | undefined {
  const match = bearer.exec(firstHeader(headers, "authorization") ?? "");
  return match === null ? undefined : (match[1] ?? "");
}

/** How tokens are read. */
export interface TokenReading {
  readonly nowMs: number;
  /** Refuses an `aud` that is one text instead of a list, as the original does (FIELD-7). */
  readonly strict: boolean;
}

/** Reads the claims of a token whose signature is right, and looks at its `exp` (HTTP-28, HTTP-29, T-4, FIELD-7). */
export function decodeClaims(payload: string, { nowMs, strict }: TokenReading): ClaimsResult {
  const claims = parseObject(payload);
  if (claims === undefined) return { ok: false, fault: "bad-claims", reason: "the claims are not a JSON object" };
  const [computeId, scope, audience, expiry] = ["compute_id", "scope", "aud", "exp"].map(
    (name) => claims.get(name) ?? null,
  );
  if (computeId !== null && typeof computeId !== "string") return invalid("compute_id", "a string");
  if (scope !== null && scope !== adminScope) return invalid("scope", adminScope);
  const audiences = typeof audience === "string" && !strict ? [audience] : audience;
  if (audiences !== null && !isStrings(audiences)) return invalid("aud", "an array of strings");
  if (expiry !== null && !isMoment(expiry)) return invalid("exp", "a number of seconds");
  if (expiry !== null && Math.round(expiry) < Math.floor(nowMs / 1000) - leewaySeconds) {
    return { ok: false, fault: "expired", reason: "the token has expired" };
  }
  const oddity = audiences === audience ? null : 'its aud is a text, taken for a list of one (write "aud": ["…"])';
  return {
    ok: true,
    claims: { computeId: computeId ?? null, scope: scope ?? null, audience: audiences ?? null },
    oddity,
  };
}

/** Whether a verified token opens the routes of compute `computeId`; undefined when it does (HTTP-30). */
export function denialFor(claims: Claims, computeId: string): Denial | undefined {
  if (claims.scope === adminScope) {
    if (claims.audience === null) return denial(401, "missing-audience", "missing audience");
    return claims.audience.includes(computeAudience) ? undefined : denial(401, "wrong-audience", "invalid audience");
  }
  if (claims.computeId === null) return denial(403, "missing-compute-id", "missing compute_id");
  return claims.computeId === computeId ? undefined : denial(403, "wrong-compute-id", "invalid compute ID");
}

/** What to tell, in the log alone, about a token that is genuine and does not open the routes (FIELD-6). */
export function denialHint(fault: TokenFault): string {
  switch (fault) {
    case "missing-audience":
      return `the token has scope ${adminScope} but no aud: give it "aud": ["${computeAudience}"]`;
    case "wrong-audience":
      return `the token's aud does not name "${computeAudience}"`;
    case "missing-compute-id":
      return `the token has neither a compute_id nor the scope ${adminScope}`;
    case "wrong-compute-id":
      return "the token is for another compute: its compute_id is not the value of --compute-id";
    default:
      return `the token cannot be used: ${fault}`;
  }
}

function denial(status: 401 | 403, fault: TokenFault, what: string): Denial {
  return { status, fault, error: `${what} in authorization token claims` };
}

function invalid(name: string, wanted: string): ClaimsResult {
  return { ok: false, fault: "bad-claims", reason: `the claim ${name} is not ${wanted}` };
}

function parseObject(text: string): ReadonlyMap<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return new Map(Object.entries(value));
  } catch {
    return undefined;
  }
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isMoment(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
