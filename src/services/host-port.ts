/** A host and a TCP port; an IPv6 address has no brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const hostBytesMax = 253;
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads `host:port` (SVC-30): an RFC 1123 name, which is lower-cased, an IPv4 address, or an IPv6 address in brackets, which are
 * dropped; one slash at the end is tolerated. Every port from 1 to 65535 counts, 80 too (SVC-T3).
 * @returns the reason, as the end of a sentence, when it cannot be used
 */
export function parseHostPort(text: string): HostPort | string {
  const [, bracketed, plain, portText] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d+)\/?$/.exec(text) ?? [];
  if (portText === undefined) return problemOf(text);
  const port = portText.length <= 5 ? Number(portText) : 0;
  if (port < 1 || port > 65_535) return "its port is not a number from 1 to 65535";
  if (bracketed !== undefined) {
    return URL.canParse(`http://[${bracketed}]/`)
      ? { host: bracketed.toLowerCase(), port }
      : "it has no IPv6 address in its brackets";
  }
  const host = (plain ?? "").toLowerCase();
  if (host === "") return "it names no host";
  const isName = host.length <= hostBytesMax && host.split(".").every((part) => label.test(part));
  // What ends in a number can only be an address, which a URL parser checks.
  const isAddress = /(?:^|\.)\d+$/.test(host)
    ? /^\d+(?:\.\d+){3}$/.test(host) && URL.canParse(`http://${host}/`)
    : true;
  return isName && isAddress ? { host, port } : "its host is neither a host name nor an IP address";
}

function problemOf(text: string): string {
  if (/[@/?#]/.test(text)) return "it may have no user, path, query or fragment";
  if (text.includes(":"))
    return "it is not of the form host:port; an IPv6 address goes in brackets, as [2001:db8::5]:514";
  return "it has no port; the form is host:port";
}
