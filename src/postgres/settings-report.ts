import type { SqlRow } from "../base/sql.ts";

/** A setting in a configuration file that Postgres could not apply. */
export interface RejectedSetting {
  /** Null when the line cannot even be read. */
  readonly name: string | null;
  /** The file's name, without its folder. */
  readonly file: string;
  readonly line: number;
  /** In Postgres's words, which hold no value. */
  readonly reason: string;
}

/** What Postgres holds back of its configuration files, as of its last reload. */
export interface SettingsReport {
  readonly rejected: readonly RejectedSetting[];
  /** Settings that count only after a restart. */
  readonly pendingRestart: readonly string[];
  /** Settings of postgresql.conf that `ALTER SYSTEM` has given another value, which wins (CONF-T19). */
  readonly overruled: readonly string[];
}

/** A report with nothing in it. */
export const nothingHeldBack: SettingsReport = { rejected: [], pendingRestart: [], overruled: [] };

/**
 * Asks for it. A setting that needs a restart counts as an error in the view of the files, so those are told apart by
 * `pending_restart`. Values are not asked for: they may be secret.
 */
export const settingsReportQuery = `
WITH files AS MATERIALIZED (
  SELECT f.name, f.setting, f.error, f.sourceline AS line, pg_catalog.regexp_replace(f.sourcefile, '^.*/', '') AS file
  FROM pg_catalog.pg_show_all_file_settings() f
), pending AS MATERIALIZED (
  SELECT s.name FROM pg_catalog.pg_settings s WHERE s.pending_restart
)
SELECT 'pending' AS kind, p.name, '' AS file, '0' AS line, '' AS reason FROM pending p
UNION ALL
SELECT 'rejected', f.name, f.file, f.line::pg_catalog.text, f.error FROM files f
WHERE f.error IS NOT NULL AND NOT EXISTS
  (SELECT FROM pending p WHERE pg_catalog.lower(p.name) OPERATOR(pg_catalog.=) pg_catalog.lower(f.name))
UNION ALL
SELECT DISTINCT 'overruled', f.name, '', '0', '' FROM files f JOIN files a
  ON pg_catalog.lower(a.name) OPERATOR(pg_catalog.=) pg_catalog.lower(f.name)
WHERE f.file OPERATOR(pg_catalog.=) 'postgresql.conf' AND a.file OPERATOR(pg_catalog.=) 'postgresql.auto.conf'
  AND a.error IS NULL AND f.setting IS DISTINCT FROM a.setting
ORDER BY 1, 2`;

/** Reads the rows of {@link settingsReportQuery}. */
export function readSettingsReport(rows: readonly SqlRow[]): SettingsReport {
  const names = (kind: string): readonly string[] =>
    rows.flatMap((row) => (row["kind"] === kind ? [row["name"] ?? ""] : []));
  return {
    rejected: rows
      .filter((row) => row["kind"] === "rejected")
      .map((row) => ({
        name: row["name"] ?? null,
        file: row["file"] ?? "",
        line: Number(row["line"]),
        reason: row["reason"] ?? "",
      })),
    pendingRestart: names("pending"),
    overruled: names("overruled"),
  };
}

/** What a person should hear once when a report differs from the one before. */
export interface SettingsNews {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** How a report differs from the one before; empty when nothing has changed since. */
export function settingsNews(before: SettingsReport, after: SettingsReport): SettingsNews {
  const earlier = statements(before);
  const now = statements(after);
  return {
    warnings: [...now].filter((text) => !earlier.has(text)),
    infos: [...earlier].filter((text) => !now.has(text)).map((text) => `no longer so: ${text}`),
  };
}

function statements({ rejected, pendingRestart, overruled }: SettingsReport): ReadonlySet<string> {
  return new Set([
    ...rejected.map(
      ({ name, file, line, reason }) =>
        `Postgres rejects ${name ?? "what stands there"} (${file}, line ${line}): ${reason}`,
    ),
    ...pendingRestart.map((name) => `Postgres holds the new value of ${name} back until it is restarted`),
    ...overruled.map((name) => `ALTER SYSTEM has set ${name} to another value than the spec, and that counts`),
  ]);
}
