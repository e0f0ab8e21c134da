import { parseKeywordValues } from "../base/keyword-values.ts";
import { ConnectionTargetError } from "./errors.ts";

/** BASE-30. Those that this program has no use for are accepted, so that a URL made for libpq works. */
const knownKeys: ReadonlySet<string> = new Set([
  "user",
  "password",
  "dbname",
  "options",
  "application_name",
  "sslmode",
  "sslrootcert",
  "host",
  "hostaddr",
  "port",
  "connect_timeout",
  "tcp_user_timeout",
  "keepalives",
  "keepalives_idle",
  "keepalives_interval",
  "keepalives_retries",
  "target_session_attrs",
  "channel_binding",
  "load_balance_hosts",
  "replication",
]);

const urlPattern =
  /^postgres(?:ql)?:\/\/(?:(?<login>[^@/?]*)@)?(?<hosts>[^/?]*)(?:\/(?<database>[^?]*))?(?:\?(?<query>.*))?$/s;
const hostPattern = /^(?:\[(?<address>[^\]]*)\]|(?<name>[^:[\]]*))(?::(?<port>\d*))?$/;

/**
 * The fields of a connection URL or of a `key=value` text. Several hosts and ports are joined by commas, as in libpq.
 * @throws ConnectionTargetError for an unknown key or a malformed text
 */
export function parseConnectionFields(text: string): ReadonlyMap<string, string> {
  const fields = /^postgres(?:ql)?:\/\//.test(text) ? urlFields(text) : keyValueFields(text);
  for (const key of fields.keys()) {
    if (!knownKeys.has(key))
      throw new ConnectionTargetError(`unknown key ${JSON.stringify(key)} in the connection string`);
  }
  return fields;
}

function urlFields(text: string): ReadonlyMap<string, string> {
  const parts = urlPattern.exec(text)?.groups;
  if (parts === undefined) throw new ConnectionTargetError("malformed connection URL");
  const { login = "", hosts = "", database = "", query = "" } = parts;
  const colon = login.indexOf(":");
  const fields = new Map<string, string>();
  const add = (key: string, value: string): void => {
    if (value !== "") fields.set(key, value);
  };
  add("user", decodePercent(colon < 0 ? login : login.slice(0, colon)));
  add("password", colon < 0 ? "" : decodePercent(login.slice(colon + 1)));
  add("dbname", decodePercent(database));
  if (hosts !== "") addHosts(hosts, add);
  for (const pair of query.split("&").filter((part) => part !== "")) {
    const equals = pair.indexOf("=");
    if (equals < 0) throw new ConnectionTargetError("a parameter of the connection URL has no value");
    fields.set(decodePercent(pair.slice(0, equals)), decodePercent(pair.slice(equals + 1)));
  }
  return fields;
}

function addHosts(text: string, add: (key: string, value: string) => void): void {
  const hosts = text.split(",").map((part) => {
    const groups = hostPattern.exec(part)?.groups;
    if (groups === undefined) throw new ConnectionTargetError("malformed host in the connection URL");
    return { host: groups["address"] ?? decodePercent(groups["name"] ?? ""), port: groups["port"] ?? "" };
  });
  add("host", hosts.map(({ host }) => host).join(","));
  if (hosts.some(({ port }) => port !== "")) add("port", hosts.map(({ port }) => port).join(","));
}

/** The fields of a `key=value` text, whatever their keys. @throws ConnectionTargetError for a malformed text */
export function keyValueFields(text: string): ReadonlyMap<string, string> {
  const fields = parseKeywordValues(text);
  if (fields === undefined) {
    throw new ConnectionTargetError("malformed connection string: expected key=value pairs");
  }
  return fields;
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ConnectionTargetError("malformed percent encoding in the connection URL");
  }
}
