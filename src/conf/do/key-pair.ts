const certificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** What a certificate says about itself. */
export interface CertificateFacts {
  /** When it expires. */
  readonly notAfter: Date;
}

/**
 * Checks that a private key and a certificate chain belong together; both PEM, the server's certificate first. Keys of
 * every type that OpenSSL reads are compared by their public halves (CONF-52, CONF-T13).
 * @throws Error that tells which of the two files is bad, or that they do not match
 */
export async function checkKeyPair(keyPem: string, chainPem: string): Promise<CertificateFacts> {
  // Loaded on first use: most computes start without TLS.
  const { X509Certificate, createPrivateKey } = await import("node:crypto");
  const pems = chainPem.match(certificate) ?? [];
  const [first] = parse("certificate file", () => pems.map((pem) => new X509Certificate(pem)));
  if (first === undefined) throw new Error("certificate file holds no certificate");
  const key = parse("private key file", () => createPrivateKey(keyPem));
  if (!first.checkPrivateKey(key)) throw new Error("private key file does not match certificate");
  return { notAfter: first.validToDate };
}

function parse<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`${file} cannot be read`, { cause: error });
  }
}
