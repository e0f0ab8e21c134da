import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describeError } from "../../base/error-chain.ts";
import { exitCodes } from "../exit-codes.ts";
import { commandUsageText } from "../usage.ts";
import { readTokenOptions, tokenOptionTable } from "./options.ts";
import { algorithmOf, publicJwk } from "./public-key.ts";

/** What opens every route of every compute (HTTP-28). */
const adminClaims = { scope: "compute_ctl:admin", aud: ["compute"] };

/**
 * Runs `compute_ctl token` (FIELD-16): prints a token for the API of one compute, or of all that trust the key.
 * @returns 0, or 1 when the key cannot be used
 * @throws UsageError for a command line that cannot be used
 */
export async function runToken(argv: readonly string[]): Promise<number> {
  const options = readTokenOptions(argv);
  if (options === null) {
    process.stdout.write(commandUsageText("token", tokenOptionTable));
    return 0;
  }
  try {
    const key = await readKey(options.key);
    const algorithm = algorithmOf(key);
    if (algorithm === undefined)
      throw new Error(`${options.key} is no Ed25519 or RSA key: make one by compute_ctl keygen`);
    const { kid } = publicJwk(createPublicKey(key), algorithm);
    const { SignJWT } = await import("jose");
    const claims = options.computeId === null ? adminClaims : { compute_id: options.computeId };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, typ: "JWT", kid: String(kid) })
      .setIssuedAt()
      .setExpirationTime(`${options.expiresInSeconds} seconds`)
      .sign(key);
    process.stdout.write(`${token}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`Error: ${describeError(error)}\n`);
    return exitCodes.failure;
  }
}

async function readKey(path: string): Promise<KeyObject> {
  const pem = await readFile(path, "utf8");
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    // What it says of the text is not repeated: it may be a secret all the same.
    throw new Error(`${path} holds no private key in PEM that can be read without a passphrase`, { cause });
  }
}
