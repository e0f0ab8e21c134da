/** Where to listen. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `IP:port`, an IPv6 address in brackets (VM-1); undefined for anything else. */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const parts = /^(?:(?<v4>\d{1,3}(?:\.\d{1,3}){3})|\[(?<v6>[0-9a-f:.]+)\]):(?<port>\d{1,5})$/i.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const port = Number(parts["port"]);
  const octets = parts["v4"]?.split(".") ?? [];
  if (port > 65_535 || octets.some((octet) => Number(octet) > 255)) return undefined;
  return { host: parts["v4"] ?? parts["v6"] ?? "", port };
}

/** The address as it is written. */
export function formatSocketAddress({ host, port }: SocketAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
