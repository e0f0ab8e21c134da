const pairPattern = /\s*(?<key>[^=\s]+)\s*=\s*(?:'(?<quoted>(?:[^'\\]|\\.)*)'|(?<plain>(?:[^\s'\\]|\\.)*))(?=\s|$)/sy;

/** The pairs of a libpq connection string such as `host=localhost user='a b'`, or undefined when it is malformed. */
export function parseKeywordValues(text: string): ReadonlyMap<string, string> | undefined {
  const fields = new Map<string, string>();
  const trimmed = text.trimEnd();
  pairPattern.lastIndex = 0;
  for (let at = 0; at < trimmed.length; at = pairPattern.lastIndex) {
    const groups = pairPattern.exec(trimmed)?.groups;
    if (groups === undefined) return undefined;
    const value = groups["quoted"] ?? groups["plain"] ?? "";
    fields.set(groups["key"] ?? "", value.replaceAll(/\\(.)/gs, "$1"));
  }
  return fields;
}
