import { exportJWK, generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { decodeStorageClaims, type StorageClaims } from "./token-claims.ts";

/** A set of public keys, ready to stand in JSON. */
export interface PublicKeys {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** Whoever signs tokens: one Ed25519 key pair, made for this process and gone with it. */
export interface TokenAuthority {
  readonly jwks: PublicKeys;
  /** Signs claims as they are; nothing is added. */
  issue(claims: JWTPayload): Promise<string>;
  /** The claims of a storage token, or undefined when signature, `exp` or shape are wrong (BASE-21). */
  verify(token: string): Promise<StorageClaims | undefined>;
}

const algorithm = "EdDSA";

/** Makes a fresh key pair and what can be done with it. */
export async function createTokenAuthority(): Promise<TokenAuthority> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm);
  const { kty, crv, x } = await exportJWK(publicKey);
  return {
    jwks: { keys: [{ kty, crv, x, alg: algorithm, use: "sig", key_ops: ["verify"], kid: "standin" }] },
    issue: (claims) => new SignJWT(claims).setProtectedHeader({ alg: algorithm }).sign(privateKey),
    verify: async (token) => {
      try {
        const { payload } = await jwtVerify(token, publicKey, { algorithms: [algorithm] });
        return decodeStorageClaims(payload);
      } catch {
        // The servers tell a client no more than that its token is bad.
        return undefined;
      }
    },
  };
}
