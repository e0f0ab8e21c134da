import { lineInFile, lineOnTop } from "./line-in-file.ts";

/** The methods by which clients from other hosts may prove who they are. `md5` takes SCRAM verifiers, too. */
export type HbaMethod = "md5" | "scram-sha-256";

/** Postgres reads include lines in pg_hba.conf and pg_ident.conf from this major version on. */
export const includeSinceMajor = 16;

/**
 * pg_hba.conf with the rule that lets every user connect from every address by password (CONF-61).
 * @param include a file of rules which must be looked at before all others (CONF-62, CONF-T11), or null
 */
export function hbaText(text: string | null, method: HbaMethod, include: string | null): string {
  const { text: withRule } = lineInFile(text, ["host", "all", "", "all", "", "all", "", method].join("\t"));
  return include === null ? withRule : lineOnTop(withRule, includeLine(include));
}

/** pg_ident.conf with an include of another file of maps on top (CONF-62). */
export function identText(text: string | null, include: string): string {
  return lineOnTop(text, includeLine(include));
}

function includeLine(path: string): string {
  return `include_if_exists ${/^[\w./-]+$/.test(path) ? path : `"${path.replaceAll('"', '""')}"`}`;
}
