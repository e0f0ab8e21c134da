/*
 * The one place where text becomes part of SQL or of postgresql.conf. Everything that comes from a spec or a catalog goes
 * through here on its way to a server.
 */

/** An SQL identifier: always in double quotes, inner ones doubled (APPLY-12). Not idempotent. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An SQL string literal; with a backslash in it, of the form `E'…'` (APPLY-13). */
export function literal(text: string): string {
  const doubled = text.replaceAll("'", "''").replaceAll("\\", "\\\\");
  return doubled.includes("\\") ? `E'${doubled}'` : `'${doubled}'`;
}

/** `text` in dollar quotes, and the tag with which a block around it can be quoted safely (APPLY-14). */
export function dollarQuote(text: string): { readonly quoted: string; readonly outerTag: string } {
  let tag = "x";
  while (text.includes(tag)) tag += "x";
  return { quoted: `$${tag}$${text}$${tag}$`, outerTag: `${tag}x` };
}

/** A quoted value for postgresql.conf (CONF-30), with line breaks as the escapes that Postgres decodes (CONF-T2). */
export function confValue(text: string): string {
  const doubled = text.replaceAll("'", "''").replaceAll("\\", "\\\\");
  return `'${doubled.replaceAll("\n", "\\n").replaceAll("\r", "\\r")}'`;
}
