import { oneOf, secret, string, transformed } from "../base/decode-scalars.ts";
import { list, object, optional, required } from "../base/decode-structures.ts";
import { type Decoder, Findings, hinted } from "../base/decoder.ts";
import { tlsPaths } from "./decode-services.ts";
import { jwksHint } from "./hints.ts";
import type { ComputeCtlConfig, Jwk } from "./types.ts";

/*
 * The keys of the control plane and the rest of `compute_ctl_config` (SPEC-21, SPEC-22).
 */

const algorithm = oneOf(
  ...(["HS256", "HS384", "HS512", "ES256", "ES384", "RS256", "RS384", "RS512"] as const),
  ...(["PS256", "PS384", "PS512", "EdDSA", "RSA1_5", "RSA-OAEP", "RSA-OAEP-256"] as const),
);

/** The members that any key may have; those that the program has no use for are checked all the same. */
const commonMembers = object({
  use: optional("use", string),
  keyOps: optional("key_ops", list(string)),
  alg: optional("alg", algorithm),
  kid: optional("kid", string),
  x5u: optional("x5u", string),
  x5c: optional("x5c", list(string)),
  x5t: optional("x5t", string),
  x5tS256: optional("x5t#S256", string),
});

const curve = oneOf("P-256", "P-384", "P-521", "Ed25519");
const keyTypeMember = object({ kty: required("kty", oneOf("EC", "RSA", "oct", "OKP")) });

const materialOf: Readonly<Record<Jwk["kty"], Decoder<Readonly<Record<string, string>>>>> = {
  EC: object({ crv: required("crv", curve), x: required("x", secret), y: required("y", secret) }),
  RSA: object({ n: required("n", secret), e: required("e", secret) }),
  oct: object({ k: required("k", secret) }),
  OKP: object({ crv: required("crv", curve), x: required("x", secret) }),
};

/** Base64 content is not looked at: a key that does not decode must not stop a start, it only never verifies a token. */
const jwk: Decoder<Jwk> = {
  shape: {
    kind: "any-of",
    expected: "an object",
    options: Object.values(materialOf).map(({ shape }) => shape),
  },
  read(value, findings) {
    const common = commonMembers.read(value, findings);
    if (common === undefined) return undefined;
    const own = new Findings();
    const kty = keyTypeMember.read(value, own)?.kty;
    const material = kty === undefined ? undefined : materialOf[kty].read(value, own);
    if (kty !== undefined && material !== undefined)
      return { kty, alg: common.alg, kid: common.kid, use: common.use, material };
    const why = own.problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
    return findings.refuse("schema", "data did not match any variant of untagged enum AlgorithmParameters", why);
  },
};

const jwks = object({ keys: required("keys", list(jwk)) });

export const computeCtlConfig: Decoder<ComputeCtlConfig> = object({
  jwks: required(
    "jwks",
    transformed(hinted(jwks, jwksHint), ({ keys }) => keys),
  ),
  tls: optional("tls", tlsPaths),
});
