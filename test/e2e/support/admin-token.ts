import { importJWK, type JWTPayload, SignJWT } from "jose";

/** What a token claims that opens every route of every compute (HTTP-28). */
export const adminClaims: JWTPayload = { scope: "compute_ctl:admin", aud: ["compute"] };

/** The key of RFC 8037, secret half included, which the fixtures trust. */
const publishedKey = {
  kty: "OKP",
  crv: "Ed25519",
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
};

/** An admin token for the keys of the fixtures. */
export async function fixtureAdminToken(): Promise<string> {
  const key = await importJWK(publishedKey, "EdDSA");
  return new SignJWT(adminClaims).setProtectedHeader({ alg: "EdDSA" }).sign(key);
}
