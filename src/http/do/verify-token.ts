import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/error-chain.ts";
import { decodeUtf8 } from "../../base/json.ts";
import type { Log } from "../../base/log.ts";
import { once } from "../../base/once.ts";
import type { ClaimsResult, TokenReading } from "../authorization.ts";
import { decodeClaims } from "../authorization.ts";
import type { Algorithm, KeySet, NamedKey } from "../key-set.ts";
import { isStrictBase64Url } from "../key-set.ts";

/** Checks a token's signature and claims. */
export type VerifyToken = (token: string) => Promise<ClaimsResult>;

type Jose = typeof import("jose");

/** A key that can check signatures. */
interface VerificationKey {
  readonly name: string;
  /** The token's payload. @throws Error when the signature is not this key's */
  check(token: string): Promise<string>;
}

/**
 * A verifier for a set of keys (HTTP-26 to HTTP-29). Each key is tried in order until one accepts the token. The crypto
 * library is loaded, and the keys are imported, when the first token comes.
 */
export function createTokenVerifier(
  keySet: KeySet,
  { log, clock, strict }: { readonly log: Log; readonly clock: Clock; readonly strict: boolean },
): VerifyToken {
  const loadKeys = once(() => importKeys(keySet, log));
  const told = new Set<string>();
  /** One line, however often such tokens come (FIELD-1). */
  const tell = (oddity: string | null): void => {
    if (oddity === null || told.has(oddity)) return;
    told.add(oddity);
    log.warn(`an authorization token is odd: ${oddity}`);
  };
  return async (token) => {
    let failed: ClaimsResult = { ok: false, fault: "no-usable-key", reason: "there is no key that can be used" };
    for (const key of await loadKeys()) {
      const result = await verifyWith(key, token, { nowMs: clock.now().getTime(), strict });
      if (result.ok) {
        tell(result.oddity);
        return result;
      }
      log.warn(`failed to decode authorization token using ${key.name}: ${result.reason}`);
      // A key whose signature it is knows better what is wrong with the token than the others.
      if (failed.fault === "no-usable-key" || result.fault !== "bad-signature") failed = result;
    }
    if (failed.fault === "no-usable-key") log.warn(`failed to decode authorization token: ${failed.reason}`);
    return failed;
  };
}

async function verifyWith(key: VerificationKey, token: string, reading: TokenReading): Promise<ClaimsResult> {
  if (!token.split(".").every(isStrictBase64Url)) return badSignature("the token is not strict base64url");
  let payload: string;
  try {
    payload = await key.check(token);
  } catch (error) {
    return badSignature(describeError(error));
  }
  return decodeClaims(payload, reading);
}

function badSignature(reason: string): ClaimsResult {
  return { ok: false, fault: "bad-signature", reason };
}

async function importKeys({ algorithm, keys }: KeySet, log: Log): Promise<readonly VerificationKey[]> {
  const jose = await import("jose");
  const usable: VerificationKey[] = [];
  for (const named of keys) {
    try {
      usable.push(await importKey(jose, named, algorithm));
    } catch (error) {
      log.warn(`skipping an authorization key, ${named.name}: ${describeError(error)}`);
    }
  }
  return usable;
}

async function importKey(jose: Jose, { name, jwk }: NamedKey, algorithm: Algorithm): Promise<VerificationKey> {
  const key = await jose.importJWK({ kty: jwk.kty, ...jwk.material }, algorithm);
  return {
    name,
    async check(token) {
      const { payload } = await jose.compactVerify(token, key, { algorithms: [algorithm] });
      return decodeUtf8(payload);
    },
  };
}
