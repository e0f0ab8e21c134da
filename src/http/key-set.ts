import type { Jwk } from "../spec/types.ts";

/** The algorithms that tokens may be signed with (HTTP-26). */
export type Algorithm = "EdDSA" | "RS256";

/** A key with the name that the log knows it by. */
export interface NamedKey {
  readonly name: string;
  readonly jwk: Jwk;
}

/** The keys that tokens are checked with, in their order. */
export interface KeySet {
  readonly algorithm: Algorithm;
  readonly keys: readonly NamedKey[];
  /** What is wrong with each key that was left out (FIELD-6). */
  readonly warnings: readonly string[];
}

const ed25519Bytes = 32;
/** HTTP-27. */
const rsaBits = { min: 2048, max: 8192 } as const;

/** Sorts out the keys that cannot be used (HTTP-27). One key marked RS256 makes that the only algorithm (HTTP-26). */
export function selectKeys(jwks: readonly Jwk[]): KeySet {
  const algorithm = jwks.some(({ alg }) => alg === "RS256") ? "RS256" : "EdDSA";
  const keys: NamedKey[] = [];
  const warnings: string[] = [];
  for (const [index, jwk] of jwks.entries()) {
    const name = jwk.kid ?? `key ${index + 1}, which has no id`;
    const problem = algorithm === "EdDSA" ? ed25519Problem(jwk) : rsaProblem(jwk);
    if (problem === undefined) keys.push({ name, jwk });
    else warnings.push(`skipping an authorization key, ${name}: ${problem}`);
  }
  return { algorithm, keys, warnings };
}

/** Whether `text` is the one unpadded base64url form of its bytes, and not empty. Node's decoder is far more lenient. */
export function isStrictBase64Url(text: string): boolean {
  return text !== "" && Buffer.from(text, "base64url").toString("base64url") === text;
}

function ed25519Problem({ kty, material }: Jwk): string | undefined {
  const { crv, x = "" } = material;
  if (kty !== "OKP" || crv !== "Ed25519") return wrongKind(kty, "EdDSA");
  if (!isStrictBase64Url(x)) return "its member x is not strict base64url";
  const { length } = Buffer.from(x, "base64url");
  return length === ed25519Bytes ? undefined : `it has ${length} bytes, not ${ed25519Bytes}`;
}

function rsaProblem({ kty, material }: Jwk): string | undefined {
  const { n = "", e = "" } = material;
  if (kty !== "RSA") return wrongKind(kty, "RS256");
  if (!isStrictBase64Url(n) || !isStrictBase64Url(e)) return "its members n and e are not strict base64url";
  const bits = bitLength(Buffer.from(n, "base64url"));
  if (bits < rsaBits.min) return `it has ${bits} bits, fewer than ${rsaBits.min}`;
  return bits > rsaBits.max ? `it has ${bits} bits, more than ${rsaBits.max}` : undefined;
}

function wrongKind(kty: string, algorithm: Algorithm): string {
  return `a key of type ${kty} cannot verify ${algorithm} tokens`;
}

function bitLength(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  const top = bytes[first];
  return top === undefined ? 0 : (bytes.length - first) * 8 - (Math.clz32(top) - 24);
}
