import { createHash, createHmac, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);
const scram = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):/;
const keyBytes = 32;

/**
 * Whether a verifier is that of the empty password, which Postgres does not let anybody have: CREATE and ALTER ROLE clear
 * it. Finding out takes some thousand hashes, on a thread of the pool.
 */
export async function isEmptyPassword(role: string, verifier: string): Promise<boolean> {
  const [, iterations = "", salt = "", storedKey = ""] = scram.exec(verifier) ?? [];
  if (iterations === "") return verifier === `md5${createHash("md5").update(role).digest("hex")}`;
  const salted = await derive("", Buffer.from(salt, "base64"), Number(iterations), keyBytes, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  return createHash("sha256").update(clientKey).digest("base64") === storedKey;
}
