/**
 * Whether a folder of scripts lets Postgres create an extension, or bring it to a version, without a download: what Postgres
 * itself looks at before it asks for one (EXT-41).
 * @param files the names in `<sharedir>/extension`
 * @param version the wanted version; null for whatever is the default
 */
export function hasScripts(files: readonly string[], extension: string, version: string | null): boolean {
  const prefix = `${extension}--`;
  const scripts = files.filter((file) => file.startsWith(prefix) && file.endsWith(".sql"));
  if (version === null) return scripts.length > 0;
  return scripts.some((file) => file.endsWith(`--${version}.sql`));
}
