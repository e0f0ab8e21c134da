import { createHash, type KeyObject } from "node:crypto";
import type { KeyAlgorithm } from "./options.ts";

/** A public key as `compute_ctl_config.jwks.keys` takes it (SPEC-22). */
export type PublicJwk = Readonly<Record<string, string | readonly string[]>>;

/** The algorithm of a key; undefined for one that computes cannot check. */
export function algorithmOf(key: KeyObject): KeyAlgorithm | undefined {
  if (key.asymmetricKeyType === "ed25519") return "EdDSA";
  return key.asymmetricKeyType === "rsa" ? "RS256" : undefined;
}

/** A public key with the members and the id that control planes give it: the hash of its bytes. */
export function publicJwk(key: KeyObject, algorithm: KeyAlgorithm): PublicJwk {
  const { kty = "", crv, x, n, e } = key.export({ format: "jwk" });
  const isCurve = algorithm === "EdDSA";
  const bytes = Buffer.from((isCurve ? x : n) ?? "", "base64url");
  return {
    kty,
    ...(isCurve ? { crv: crv ?? "", x: x ?? "" } : { n: n ?? "", e: e ?? "" }),
    use: "sig",
    key_ops: ["verify"],
    alg: algorithm,
    kid: createHash("sha256").update(bytes).digest("base64url"),
  };
}
