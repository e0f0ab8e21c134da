import { parseKeywordValues } from "../base/keyword-values.ts";
import type { Parsed } from "./parsed.ts";

/** How this program reaches its own Postgres (CLI-6). Holds a password: never print it, use {@link describeConnstr}. */
export interface Connstr {
  readonly user: string;
  readonly password: string | null;
  /** A host name, an address without brackets, or the absolute path of a socket's folder. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** The URL's own startup options, which win over those of {@link sessionOptions}. */
  readonly options: string | null;
}

const portDefault = 5432;
const notUrl = "cannot parse connstr as a URL";
const notConfig = "cannot build postgres config from connstr";

/** Parameters whose value is used; `hostaddr` beats `host`, and both beat the URL's authority part. */
const used: ReadonlySet<string> = new Set(["user", "password", "host", "hostaddr", "port", "dbname", "options"]);
/** Parameters of Postgres URLs that change nothing here: the sessions have their own name, no TLS and their own time limits. */
const ignored: ReadonlySet<string> = new Set([
  "application_name",
  "channel_binding",
  "connect_timeout",
  "keepalives",
  "keepalives_idle",
  "keepalives_interval",
  "keepalives_retries",
  "load_balance_hosts",
  "sslmode",
  "sslnegotiation",
  "target_session_attrs",
  "tcp_user_timeout",
]);

/**
 * Reads the value of `--connstr`: a `postgresql://` or `postgres://` URL whose host may be a name, an IPv4 address, an
 * IPv6 address in brackets, or the percent-encoded folder of a Unix socket, which may also come as `?host=`. Messages
 * never contain parts of the URL that could be secret.
 */
export function parseConnstr(text: string): Parsed<Connstr> {
  const url = URL.parse(text);
  if (url === null) {
    const example = "postgresql://cloud_admin@localhost:5432/postgres";
    return { ok: false, message: `${notUrl}: it is of the form ${example}` };
  }
  const read = readUrl(url);
  return read.ok ? read : { ok: false, message: `${notConfig}: ${read.message}` };
}

/** A connection string of either form, and the name that its sessions go by if it gives one. */
export interface NamedConnstr {
  readonly connstr: Connstr;
  readonly applicationName: string | null;
}

/**
 * Reads a connection string as libpq takes it (VM-24): a URL as {@link parseConnstr} does, or `key=value` pairs. Messages never
 * contain parts of it.
 */
export function parseAnyConnstr(text: string): Parsed<NamedConnstr> {
  if (/^postgres(?:ql)?:\/\//.test(text)) {
    const url = parseConnstr(text);
    return url.ok ? { ok: true, value: { connstr: url.value, applicationName: null } } : url;
  }
  const given = parseKeywordValues(text);
  if (given === undefined) return wrong("the connection string is neither a URL nor made of key=value pairs");
  for (const name of given.keys()) {
    if (!(used.has(name) || ignored.has(name))) return unknownParameter();
  }
  const connstr = fromParts(given, { user: "", password: "", host: "", port: "", database: "" });
  if (!connstr.ok) return connstr;
  return {
    ok: true,
    value: { connstr: connstr.value, applicationName: nonEmpty(given.get("application_name")) ?? null },
  };
}

const common = "-c default_transaction_read_only=off -c search_path='' -c statement_timeout=0";
/** A database whose owner has a library loaded that is not there would let nobody in, us included. */
const noLibraries = "-c session_preload_libraries= -c local_preload_libraries=";

/**
 * The startup `options` of every session (CLI-6, APPLY-5): they beat what `ALTER DATABASE … SET` and `ALTER ROLE … SET` left
 * behind.
 */
export function sessionOptions(connstr: Connstr): string {
  return withOwn(connstr, `-c role=cloud_admin ${common} -c pgaudit.log=none ${noLibraries}`);
}

/** Those of the session that makes `cloud_admin` in a cluster of old, which knows neither that role nor pgaudit (APPLY-8). */
export function olderSessionOptions(connstr: Connstr, role: string): string {
  return withOwn(connstr, `-c role=${role} ${common} ${noLibraries}`);
}

function withOwn({ options }: Connstr, ours: string): string {
  return options === null ? ours : `${ours} ${options}`;
}

/** The connection string for logs and errors: without the password and without options. */
export function describeConnstr({ user, host, port, database }: Connstr): string {
  const authority = host.includes(":") ? `[${host}]` : host.replaceAll("/", "%2F");
  return `postgresql://${encodeURIComponent(user)}@${authority}:${port}/${encodeURIComponent(database)}`;
}

function readUrl(url: URL): Parsed<Connstr> {
  if (url.protocol !== "postgresql:" && url.protocol !== "postgres:") {
    return wrong(`the scheme is ${url.protocol.slice(0, -1)}, not postgresql`);
  }
  if (url.hash !== "") return wrong("it has a fragment; write a # as %23");
  const parameters = readParameters(url.search.slice(1));
  if (!parameters.ok) return parameters;
  const parts = decodeAll([url.username, url.password, url.hostname, url.pathname.slice(1)]);
  if (parts === undefined) return wrong("it contains a broken percent escape");
  const [user = "", password = "", host = "", database = ""] = parts;
  return fromParts(parameters.value, { user, password, host, port: url.port, database });
}

/** What a URL says outside its parameters; empty where it says nothing. */
interface UrlParts {
  readonly user: string;
  readonly password: string;
  readonly host: string;
  readonly port: string;
  readonly database: string;
}

/** The parameters, and the parts of the URL where they are silent. */
function fromParts(given: ReadonlyMap<string, string>, url: UrlParts): Parsed<Connstr> {
  if (given.get("sslmode") === "require") return wrong("sslmode=require cannot be met: sessions use no TLS");
  const user = given.get("user") ?? url.user;
  if (user === "") return wrong("it names no user");
  const host = given.get("hostaddr") ?? given.get("host") ?? url.host.replace(/^\[(.*)\]$/, "$1");
  if (host.includes(",")) return wrong("it names several hosts");
  const port = readPort(given.get("port") ?? url.port);
  if (port === undefined) return wrong("its port is not a number from 1 to 65535");
  const value: Connstr = {
    user,
    password: given.get("password") ?? (url.password === "" ? null : url.password),
    host: host === "" ? "localhost" : host,
    port,
    database: nonEmpty(given.get("dbname")) ?? nonEmpty(url.database) ?? user,
    options: nonEmpty(given.get("options")) ?? null,
  };
  const hasNul = Object.values(value).some((part) => typeof part === "string" && part.includes("\0"));
  return hasNul ? wrong("it contains a NUL character") : { ok: true, value };
}

/** Splits a query by hand, because in a Postgres URL a `+` stands for itself and not for a blank. */
function readParameters(query: string): Parsed<ReadonlyMap<string, string>> {
  const parameters = new Map<string, string>();
  for (const part of query.split("&").filter((text) => text !== "")) {
    const at = part.indexOf("=");
    const decoded = decodeAll(at < 0 ? [part] : [part.slice(0, at), part.slice(at + 1)]);
    if (decoded === undefined) return wrong("it contains a broken percent escape");
    const [name = "", value] = decoded;
    if (value === undefined || !(used.has(name) || ignored.has(name))) {
      return unknownParameter();
    }
    parameters.set(name, value);
  }
  return { ok: true, value: parameters };
}

/** It is not named: a password with an unescaped ? in it looks like a parameter. */
function unknownParameter(): { readonly ok: false; readonly message: string } {
  return wrong(`it has a parameter other than ${[...used, ...ignored].join(", ")}`);
}

function decodeAll(texts: readonly string[]): readonly string[] | undefined {
  try {
    return texts.map((text) => decodeURIComponent(text));
  } catch {
    return undefined;
  }
}

function readPort(text: string): number | undefined {
  if (text === "") return portDefault;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function wrong(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
