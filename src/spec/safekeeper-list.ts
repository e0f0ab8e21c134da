import type { Safekeepers } from "./types.ts";

/**
 * Reads the text form of a membership, as the setting `neon.safekeepers` has it: `host:port` entries with commas between
 * them, behind `g#<generation>:` if the generation is known (SPEC-45).
 */
export function parseSafekeeperList(text: string): Safekeepers {
  const [, digits, entries = text] = /^\s*g#(\d+):(.*)$/s.exec(text) ?? [];
  const generation = digits === undefined ? null : Number(digits);
  return { generation, hostPorts: entries.split(",").map((entry) => entry.trim()) };
}

/** The first entry, in sorted order, that names the same safekeeper as another one; the case of host names is ignored. */
export function firstDuplicate(hostPorts: readonly string[]): string | undefined {
  const sorted = [...hostPorts].sort();
  const seen = new Set<string>();
  return sorted.find((entry) => {
    const normalized = entry.toLowerCase();
    const isRepeated = seen.has(normalized);
    seen.add(normalized);
    return isRepeated;
  });
}

/** Where safekeepers listen unless told otherwise. */
const defaultPort = "5454";

/** The `host:port` that a connection URL names, as some control planes write safekeepers (FIELD-8); undefined for anything else. */
export function safekeeperOfUrl(entry: string): string | undefined {
  const authority = /^\s*postgres(?:ql)?:\/\/([^/?#\s]*)/i.exec(entry)?.[1];
  if (authority === undefined) return undefined;
  const hostPort = authority.slice(authority.lastIndexOf("@") + 1);
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(hostPort) ?? [];
  return host === undefined ? undefined : `${host}:${port ?? defaultPort}`;
}
