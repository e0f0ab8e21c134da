import { ConnectionError, ConnectionTargetError, PgServerError, TlsError } from "./errors.ts";

/** The words of libpq. What a text without `sslmode` means here is `allow`: in clear, and by TLS where the server insists. */
const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;

export type SslMode = (typeof sslModes)[number];

/** How one try goes about TLS: not at all, if the server offers it, or not without. */
export type TlsAttempt = "clear" | "if-offered" | "demanded";

/** How closely a server's certificate is looked at: not at all, whether a trusted authority made it, and for this host. */
export type TlsVerification = "none" | "authority" | "host";

/** @throws ConnectionTargetError when it is none of libpq's words */
export function parseSslmode(text: string | undefined): SslMode {
  if (text === undefined) return "allow";
  const mode = sslModes.find((known) => known === text);
  if (mode !== undefined) return mode;
  throw new ConnectionTargetError(`sslmode must be one of ${sslModes.join(", ")}`);
}

/** What the first try with a host does. */
export function firstAttempt(mode: SslMode): TlsAttempt {
  if (mode === "disable" || mode === "allow") return "clear";
  return mode === "prefer" ? "if-offered" : "demanded";
}

/**
 * What a second try with the same host does, after the first one failed; undefined when there is none. The token was not sent
 * in clear before: a server that has TLS refuses the startup packet already (BASE-33).
 */
export function secondAttempt(mode: SslMode, error: unknown): TlsAttempt | undefined {
  if (mode === "allow" && insistsOnTls(error)) return "demanded";
  if (mode === "prefer" && error instanceof TlsError && error.reason === "failed") return "clear";
  return undefined;
}

/** As in libpq, `require` looks at the certificate only when it is told by whom to expect it. */
export function verificationOf(mode: SslMode, namesAuthority: boolean): TlsVerification {
  if (mode === "verify-full") return "host";
  if (mode === "verify-ca" || (mode === "require" && namesAuthority)) return "authority";
  return "none";
}

/** Whether a server hung up because we spoke in clear (BASE-33). */
export function insistsOnTls(error: unknown): boolean {
  if (error instanceof ConnectionError) return insistsOnTls(error.cause);
  return error instanceof PgServerError && error.serverMessage === "must connect with TLS";
}
