import type { SqlRow } from "../base/sql.ts";
import { requiredText } from "./row-values.ts";

/**
 * Whether the view of CAT-6 is a superuser's: code in a view runs as whoever reads it, and where it is missing a customer
 * could put another one in its place.
 */
export const insightsViewQuery = `SELECT FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) c.relowner
WHERE n.nspname OPERATOR(pg_catalog.=) 'public' AND c.relname OPERATOR(pg_catalog.=) 'pg_stat_statements' AND r.rolsuper`;

/** The 100 statements that take longest on average, whoever ran them but ourselves, a JSON text each (CAT-6). */
export const insightsQuery = `SELECT pg_catalog.row_to_json(s)::pg_catalog.text AS statement
FROM public.pg_stat_statements s
WHERE s.userid OPERATOR(pg_catalog.<>) 'cloud_admin'::pg_catalog.regrole::pg_catalog.oid
ORDER BY s.mean_exec_time OPERATOR(pg_catalog.+) s.mean_plan_time DESC
LIMIT 100`;

/** The document of CAT-6. The rows' texts stay as they are: a `queryid` does not fit into a JavaScript number (T-18). */
export function insightsDocument(rows: readonly SqlRow[]): string {
  return `{"pg_stat_statements": [${rows.map((row) => requiredText(row, "statement")).join(", ")}]}`;
}
