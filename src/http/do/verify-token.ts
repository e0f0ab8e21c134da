import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import { decodeUtf8 } from "../../base/json.ts";
import type { Log } from "../../base/log.ts";
import { once } from "../../base/once.ts";
import type { Jwk } from "../../spec/types.ts";
import type { Claims, ClaimsResult } from "../authorization.ts";
import { decodeClaims } from "../authorization.ts";

/** Checks a token's signature and claims; undefined when no key accepts it. */
export type VerifyToken = (token: string) => Promise<Claims | undefined>;

type Jose = typeof import("jose");

/** A key that can check signatures, with the name that the log knows it by. */
interface VerificationKey {
  readonly name: string;
  check(token: string): Promise<string>;
}

/** The algorithms, each with the type of its keys and the members that carry them. */
const keyForms = { EdDSA: ["OKP", "x"], RS256: ["RSA", "n", "e"] } as const;

/** HTTP-27: the largest modulus; jose itself refuses those below 2048 bits. */
const rsaModulusBytesMax = 8192 / 8;

/**
 * A verifier for the keys that the process started with (HTTP-25 to HTTP-29). Each key is tried in order until one
 * accepts the token. The crypto library is loaded, and the keys are imported, when the first token comes; a key that
 * cannot be used is skipped with one warning then.
 */
export function createTokenVerifier(jwks: readonly Jwk[], { log, clock }: { log: Log; clock: Clock }): VerifyToken {
  const loadKeys = once(() => importKeys(jwks, log));
  return async (token) => {
    for (const key of await loadKeys()) {
      const result = await verifyWith(key, token, clock.now().getTime());
      if (result.ok) return result.claims;
      log.warn(`failed to decode authorization token using ${key.name}: ${result.reason}`);
    }
    return undefined;
  };
}

async function verifyWith(key: VerificationKey, token: string, nowMs: number): Promise<ClaimsResult> {
  if (!token.split(".").every(isStrictBase64Url)) return { ok: false, reason: "the token is not strict base64url" };
  try {
    return decodeClaims(await key.check(token), nowMs);
  } catch (error) {
    return { ok: false, reason: describeError(error) };
  }
}

/** HTTP-26: one key marked RS256 makes that the only algorithm; otherwise it is EdDSA. */
async function importKeys(jwks: readonly Jwk[], log: Log): Promise<readonly VerificationKey[]> {
  const jose = await import("jose");
  const algorithm = jwks.some((jwk) => jwk.alg === "RS256") ? "RS256" : "EdDSA";
  const keys: VerificationKey[] = [];
  for (const [index, jwk] of jwks.entries()) {
    const name = jwk.kid ?? `key ${index + 1}, which has no id`;
    try {
      keys.push(await importKey(jose, jwk, algorithm, name));
    } catch (error) {
      log.warn(`skipping an authorization key, ${name}: ${describeError(error)}`);
    }
  }
  return keys;
}

async function importKey(
  jose: Jose,
  { kty, material }: Jwk,
  algorithm: keyof typeof keyForms,
  name: string,
): Promise<VerificationKey> {
  const [wantedType, ...parts] = keyForms[algorithm];
  if (kty !== wantedType) throw new Error(`a key of type ${kty} cannot verify ${algorithm} tokens`);
  if (!parts.every((part) => isStrictBase64Url(material[part] ?? ""))) {
    throw new Error(`its members ${parts.join(" and ")} are missing or not strict base64url`);
  }
  if (Buffer.from(material["n"] ?? "", "base64url").length > rsaModulusBytesMax) {
    throw new Error("it has more than 8192 bits");
  }
  const key = await jose.importJWK({ kty, ...material }, algorithm);
  return {
    name,
    async check(token) {
      const { payload } = await jose.compactVerify(token, key, { algorithms: [algorithm] });
      return decodeUtf8(payload);
    },
  };
}

/** Whether `text` is the one unpadded base64url form of its bytes, and not empty. Node's decoder is far more lenient. */
function isStrictBase64Url(text: string): boolean {
  return text !== "" && Buffer.from(text, "base64url").toString("base64url") === text;
}
