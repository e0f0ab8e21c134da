import { oneOf, secret, string, transformed } from "../base/decode-scalars.ts";
import { list, object, optional, required, titled } from "../base/decode-structures.ts";
import { type Decoder, Findings, hinted, type Shape } from "../base/decoder.ts";
import type { JsonValue } from "../base/json.ts";
import { tlsPaths } from "./decode-services.ts";
import { computeCtlConfigHint, jwksHint } from "./hints.ts";
import type { ComputeCtlConfig, Jwk } from "./types.ts";

/*
 * The keys of the control plane and the rest of `compute_ctl_config` (SPEC-21, SPEC-22).
 */

const algorithm = oneOf(
  ...(["HS256", "HS384", "HS512", "ES256", "ES384", "RS256", "RS384", "RS512"] as const),
  ...(["PS256", "PS384", "PS512", "EdDSA", "RSA1_5", "RSA-OAEP", "RSA-OAEP-256"] as const),
);

/** The members that any key may have; those that the program has no use for are checked all the same. */
const common = {
  use: optional("use", string),
  keyOps: optional("key_ops", list(string)),
  alg: optional("alg", algorithm),
  kid: optional("kid", string),
  x5u: optional("x5u", string),
  x5c: optional("x5c", list(string)),
  x5t: optional("x5t", string),
  x5tS256: optional("x5t#S256", string),
};
const commonMembers = object(common);

const curve = oneOf("P-256", "P-384", "P-521", "Ed25519");
const keyTypeMember = object({ kty: required("kty", oneOf("EC", "RSA", "oct", "OKP")) });

/** The members that carry the key, by type. */
const material = {
  EC: { crv: required("crv", curve), x: required("x", secret), y: required("y", secret) },
  RSA: { n: required("n", secret), e: required("e", secret) },
  oct: { k: required("k", secret) },
  OKP: { crv: required("crv", curve), x: required("x", secret) },
};

const materialOf: Readonly<Record<Jwk["kty"], Decoder<Readonly<Record<string, string>>>>> = {
  EC: object(material.EC),
  RSA: object(material.RSA),
  oct: object(material.oct),
  OKP: object(material.OKP),
};

/** All members of a key, for those who describe the shape. */
function wholeKey(kty: Jwk["kty"], members: Parameters<typeof object>[0]): Shape {
  return titled(`Jwk${kty.toUpperCase()}`, { kty: required("kty", oneOf(kty)), ...members, ...common }).shape;
}

/** Base64 content is not looked at: a key that does not decode must not stop a start, it only never verifies a token. */
const jwk: Decoder<Jwk> = {
  shape: {
    kind: "any-of",
    expected: "an object",
    options: [
      wholeKey("EC", material.EC),
      wholeKey("RSA", material.RSA),
      wholeKey("oct", material.oct),
      wholeKey("OKP", material.OKP),
    ],
  },
  read(value, findings) {
    const known = commonMembers.read(value, findings);
    if (known === undefined) return undefined;
    const own = new Findings();
    const kty = keyTypeMember.read(value, own)?.kty;
    const key = kty === undefined ? undefined : materialOf[kty].read(value, own);
    if (kty !== undefined && key !== undefined)
      return { kty, alg: known.alg, kid: known.kid, use: known.use, material: key };
    const why = own.problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
    return findings.refuse("schema", "data did not match any variant of untagged enum AlgorithmParameters", why);
  },
};

/** Whether a value is a key as far as that can be told without looking at its material. */
export function isKey(value: JsonValue): boolean {
  return jwk.read(value, new Findings()) !== undefined;
}

const jwks = titled("Jwks", { keys: required("keys", list(jwk)) });

export const computeCtlConfig: Decoder<ComputeCtlConfig> = hinted(
  titled("ComputeCtlConfig", {
    jwks: required(
      "jwks",
      transformed(hinted(jwks, jwksHint), ({ keys }) => keys),
    ),
    tls: optional("tls", tlsPaths),
  }),
  computeCtlConfigHint,
);
