import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

const salt = Buffer.from("salt of 16 bytes");

/** A SCRAM verifier of a password, for tests. */
export function scramVerifier(password: string): string {
  const salted = pbkdf2Sync(password, salt, 4096, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  return `SCRAM-SHA-256$4096:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}
