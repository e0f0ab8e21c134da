import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { isIP, type Socket } from "node:net";
import { errorCode } from "../../base/error-chain.ts";
import { ConnectionError, TlsError } from "../errors.ts";
import type { TlsVerification } from "../sslmode.ts";
import { encodeFrontend } from "../wire/encode-frontend.ts";

/** Whom to expect at the other end. */
export interface TlsTrust {
  readonly verification: TlsVerification;
  /** A file with the authorities to trust, in PEM; null for those that Node knows. */
  readonly caFile: string | null;
}

/** Codes by which OpenSSL and Node refuse a certificate. */
const distrust = /CERT|SIGNATURE|CRL|ISSUER|ALTNAME|CA_|^UNABLE_TO_/;

/**
 * Asks the server of a Postgres-like protocol for TLS and makes the handshake (BASE-33).
 * @param mayRefuse whether a server without TLS is taken as it is; the socket itself is returned then
 * @throws TlsError when there is no TLS, or none to be trusted; ConnectionError when the server does not answer as one
 */
export async function negotiateTls(
  socket: Socket,
  host: string,
  trust: TlsTrust,
  mayRefuse: boolean,
  signal: AbortSignal,
): Promise<Socket> {
  socket.write(encodeFrontend({ kind: "sslRequest" }));
  const answer = await readByte(socket);
  if (answer === "N") {
    if (mayRefuse) return socket;
    throw new TlsError("refused", "the server offers no TLS; with sslmode=prefer it would be used without");
  }
  if (answer !== "S") throw new ConnectionError("the server's answer to the request for TLS is none");
  // Whoever sits between could otherwise slip bytes in that are taken for the server's.
  if (socket.readableLength > 0) throw new ConnectionError("the server sent data in clear before the TLS handshake");
  const { connect } = await import("node:tls");
  const ca = await readAuthorities(trust.caFile);
  const secured = connect({
    ...tlsOptions(host, trust, ca),
    socket,
  });
  // Until somebody reads; without a listener an error would end the process.
  secured.on("error", () => {});
  try {
    await once(secured, "secureConnect", { signal });
    return secured;
  } catch (error) {
    secured.destroy();
    signal.throwIfAborted();
    throw tlsError(error, host);
  }
}

/** What `node:tls` and `node:http2` have to know to connect to `host`. */
export function tlsOptions(host: string, { verification }: TlsTrust, ca: Buffer | undefined) {
  return {
    host,
    minVersion: "TLSv1.2",
    rejectUnauthorized: verification !== "none",
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(verification === "host" ? {} : { checkServerIdentity: () => undefined }),
  } as const;
}

/** @throws TlsError that names the file when it cannot be read */
export async function readAuthorities(caFile: string | null): Promise<Buffer | undefined> {
  if (caFile === null) return undefined;
  try {
    return await readFile(caFile);
  } catch (error) {
    throw new TlsError("untrusted", `cannot read the certificates to trust from ${caFile}`, { cause: error });
  }
}

/** The error of a handshake, with what to do about it. */
export function tlsError(error: unknown, host: string): TlsError {
  if (distrust.test(errorCode(error) ?? "")) {
    const advice = "name its authority by --storage-ca or sslrootcert";
    return new TlsError("untrusted", `the certificate of ${host} is not trusted; ${advice}`, { cause: error });
  }
  return new TlsError("failed", `the TLS handshake with ${host} failed`, { cause: error });
}

function readByte(socket: Socket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const look = (): void => {
    const byte: Buffer | null = socket.read(1);
    if (byte !== null) resolve(byte.toString("latin1"));
  };
  const closed = (): void => reject(new ConnectionError("the server closed the connection when it was asked for TLS"));
  socket.on("readable", look).once("error", reject).once("close", closed);
  return promise.finally(() => socket.off("readable", look).off("error", reject).off("close", closed));
}
