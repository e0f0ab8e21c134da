import type { RawHeaders } from "./raw-headers.ts";
import { firstHeader } from "./raw-headers.ts";

/** What a token says about its bearer (HTTP-28). */
export interface Claims {
  readonly computeId: string | null;
  readonly scope: typeof adminScope | null;
  readonly audience: readonly string[] | null;
}

/** Why a request is turned away. */
export interface Denial {
  readonly status: 400 | 401 | 403;
  readonly error: string;
}

/** The outcome of decoding claims: `reason` is for the log, the client is not told it. */
export type ClaimsResult =
  | { readonly ok: true; readonly claims: Claims }
  | { readonly ok: false; readonly reason: string };

const adminScope = "compute_ctl:admin";
const computeAudience = "compute";
/** HTTP-29: how long after its `exp` a token still passes, for clocks that differ. */
const leewaySeconds = 60;
const bearer = /^bearer +([^ ].*)?$/i;

export const noToken: Denial = { status: 400, error: "invalid authorization token" };
export const badToken: Denial = { status: 401, error: "failed to verify authorization token" };

/** The token of the first `Authorization: Bearer` header, undefined when that is missing or of another form (HTTP-24). */
export function bearerToken(headers: RawHeaders): string | undefined {
  const match = bearer.exec(firstHeader(headers, "authorization") ?? "");
  return match === null ? undefined : (match[1] ?? "");
}

/** Reads the claims of a token whose signature is right, and looks at its `exp` (HTTP-28, HTTP-29, T-4). */
export function decodeClaims(payload: string, nowMs: number): ClaimsResult {
  const claims = parseObject(payload);
  if (claims === undefined) return { ok: false, reason: "the claims are not a JSON object" };
  const [computeId, scope, audience, expiry] = ["compute_id", "scope", "aud", "exp"].map(
    (name) => claims.get(name) ?? null,
  );
  if (computeId !== null && typeof computeId !== "string") return invalid("compute_id", "a string");
  if (scope !== null && scope !== adminScope) return invalid("scope", adminScope);
  if (audience !== null && !isStrings(audience)) return invalid("aud", "an array of strings");
  if (expiry !== null && !isMoment(expiry)) return invalid("exp", "a number of seconds");
  if (expiry !== null && Math.round(expiry) < Math.floor(nowMs / 1000) - leewaySeconds) {
    return { ok: false, reason: "the token has expired" };
  }
  return { ok: true, claims: { computeId: computeId ?? null, scope: scope ?? null, audience: audience ?? null } };
}

/** Whether a verified token opens the routes of compute `computeId`; undefined when it does (HTTP-30). */
export function denialFor(claims: Claims, computeId: string): Denial | undefined {
  if (claims.scope === adminScope) {
    if (claims.audience === null) return { status: 401, error: "missing audience in authorization token claims" };
    if (claims.audience.includes(computeAudience)) return undefined;
    return { status: 401, error: "invalid audience in authorization token claims" };
  }
  if (claims.computeId === null) return { status: 403, error: "missing compute_id in authorization token claims" };
  if (claims.computeId === computeId) return undefined;
  return { status: 403, error: "invalid compute ID in authorization token claims" };
}

function invalid(name: string, wanted: string): ClaimsResult {
  return { ok: false, reason: `the claim ${name} is not ${wanted}` };
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
