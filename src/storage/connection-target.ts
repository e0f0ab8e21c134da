import { keyValueFields, parseConnectionFields } from "./connection-fields.ts";
import { ConnectionTargetError } from "./errors.ts";
import { parseSslmode, type SslMode } from "./sslmode.ts";

/** One server to try. */
export interface HostPort {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Where and as whom to connect, read from a URL or a `key=value` text (BASE-30). */
export interface ConnectionTarget {
  /** In the order in which they are to be tried; at least one. */
  readonly hosts: readonly HostPort[];
  readonly user: string;
  readonly password: string | null;
  readonly database: string | null;
  readonly options: string | null;
  readonly applicationName: string | null;
  readonly sslmode: SslMode;
  /** A file with the certificates to trust (`sslrootcert`); null for the caller's own choice. */
  readonly sslRootCert: string | null;
  /** The limit for one host, in milliseconds; null when the text sets none. */
  readonly connectMsMax: number | null;
  readonly keepAlive: boolean;
}

const defaultPort = 5432;

/**
 * Reads the address of a pageserver.
 * @param osUser whom to be when the text names no user
 * @throws ConnectionTargetError that names the key at fault, never its value
 */
export function parseConnectionTarget(text: string, osUser: string): ConnectionTarget {
  const fields = parseConnectionFields(text);
  const timeoutSeconds = wholeNumber("connect_timeout", fields.get("connect_timeout") ?? "0");
  return {
    hosts: pairHosts(fields.get("hostaddr") ?? fields.get("host") ?? "", fields.get("port") ?? ""),
    user: fields.get("user") ?? osUser,
    password: fields.get("password") ?? null,
    database: fields.get("dbname") ?? null,
    options: fields.get("options") ?? null,
    applicationName: fields.get("application_name") ?? null,
    sslmode: parseSslmode(fields.get("sslmode")),
    sslRootCert: fields.get("sslrootcert") ?? null,
    connectMsMax: timeoutSeconds === 0 ? null : timeoutSeconds * 1000,
    keepAlive: fields.get("keepalives") !== "0",
  };
}

/**
 * Reads a safekeeper's `host:port` (BASE-14); an IPv6 address stands in brackets.
 * @throws ConnectionTargetError when it is not of that form
 */
export function parseHostPort(entry: string): HostPort {
  const match = /^(?:\[(?<address>[^\]]+)\]|(?<name>[^:[\]]+)):(?<port>\d+)$/.exec(entry.trim());
  const host = match?.groups?.["address"] ?? match?.groups?.["name"];
  if (host === undefined)
    throw new ConnectionTargetError(`safekeeper ${JSON.stringify(entry)} is not of the form host:port`);
  return { host, port: parsePort(match?.groups?.["port"] ?? "") };
}

/** How to reach a safekeeper: `host:port`, and what the options in front of it say about TLS. */
export type SafekeeperTarget = Pick<ConnectionTarget, "hosts" | "password" | "sslmode" | "sslRootCert" | "keepAlive">;

/**
 * The target for a safekeeper's entry of the list.
 * @param conninfoOptions the setting `neon.safekeeper_conninfo_options`, libpq `key=value` text that Postgres puts in front of
 * each entry (SK-21); only what it says about TLS, and a password, concern us
 * @throws ConnectionTargetError when entry or options are malformed
 */
export function safekeeperTarget(entry: string, conninfoOptions: string | null): SafekeeperTarget {
  const fields = keyValueFields(conninfoOptions ?? "");
  return {
    hosts: [parseHostPort(entry)],
    password: fields.get("password") ?? null,
    sslmode: parseSslmode(fields.get("sslmode")),
    sslRootCert: fields.get("sslrootcert") ?? null,
    keepAlive: false,
  };
}

/** As it stands in messages and in URLs. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function pairHosts(hosts: string, ports: string): readonly HostPort[] {
  const names = hosts.split(",");
  const numbers = ports.split(",").map((port) => (port === "" ? defaultPort : parsePort(port)));
  if (numbers.length !== 1 && numbers.length !== names.length) {
    throw new ConnectionTargetError(`${names.length} hosts but ${numbers.length} ports in the connection string`);
  }
  return names.map((host, index) => {
    if (host === "") throw new ConnectionTargetError("no host in the connection string");
    if (host.startsWith("/"))
      throw new ConnectionTargetError("storage servers are not reached by Unix sockets; name a host");
    return { host, port: numbers[index] ?? numbers[0] ?? defaultPort };
  });
}

function parsePort(text: string): number {
  const port = wholeNumber("port", text);
  if (port < 1 || port > 65_535) throw new ConnectionTargetError(`port ${port} is out of range`);
  return port;
}

function wholeNumber(key: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new ConnectionTargetError(`${key} in the connection string is not a whole number`);
  return Number(text);
}
