const scram = /^SCRAM-SHA-256\$\d+:[A-Za-z0-9+/]+=*\$[A-Za-z0-9+/]+=*:[A-Za-z0-9+/]+=*$/;
const md5 = /^md5[0-9a-f]{32}$/;

/**
 * The text that Postgres stores for a spec's `encrypted_password`: a SCRAM verifier and a full `md5` hash stand for
 * themselves, anything else is an md5 hash without its prefix (APPLY-16, T5).
 */
export function storedVerifier(encryptedPassword: string): string {
  const complete = encryptedPassword.startsWith("SCRAM-SHA-256") || md5.test(encryptedPassword);
  return complete ? encryptedPassword : `md5${encryptedPassword}`;
}

/**
 * Whether Postgres takes `verifier` for a verifier. Any other text it would take for a clear password, hash and store:
 * the role would be altered by every apply, and its password known to nobody (T5).
 */
export function isVerifier(verifier: string): boolean {
  return scram.test(verifier) || md5.test(verifier);
}

/** What is left of a verifier when its role gets a new name: md5 hashes contain the name, so Postgres clears them. */
export function verifierAfterRename(verifier: string | null): string | null {
  return verifier !== null && md5.test(verifier) ? null : verifier;
}
