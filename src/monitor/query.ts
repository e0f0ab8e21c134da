import { literal } from "../base/quoting.ts";
import { platformDatabases } from "./session-ledger.ts";

/** The platform's own login role (MON-9). */
const platformRole = "cloud_admin";

/**
 * All facts of a check in one statement, and so in one round trip and one short snapshot (MON-5, MON-8); for Postgres 14 to
 * 18. Times are absolute, in microseconds: no `TimeZone` setting matters (trap 3).
 *
 * Sessions of this program are left out by role and name, whatever superuser `--connstr` names (FIELD-14); a customer's that
 * borrows the name keeps its own role, and counts.
 */
export const activityQuery = `SELECT f.*, c.state, c.changed_micros, c.in_state
FROM (
  SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::pg_catalog.int8 AS now_micros,
    s.active_ms,
    s.sessions,
    (SELECT count(*) FROM pg_catalog.pg_stat_replication
      WHERE application_name IS DISTINCT FROM 'walproposer') AS wal_senders,
    (SELECT count(*) FROM pg_catalog.pg_stat_subscription WHERE pid IS NOT NULL) AS subscription_workers,
    (SELECT count(*) FROM pg_catalog.pg_stat_activity
      WHERE backend_type = 'autovacuum worker') AS autovacuum_workers
  FROM (
    SELECT COALESCE(sum(active_time), 0)::pg_catalog.float8 AS active_ms,
      COALESCE(sum(sessions), 0)::pg_catalog.int8 AS sessions
    FROM pg_catalog.pg_stat_database
    WHERE datname NOT IN (${platformDatabases.map(literal).join(", ")})
  ) AS s
) AS f
LEFT JOIN (
  SELECT state,
    (extract(epoch FROM max(state_change)) * 1000000)::pg_catalog.int8 AS changed_micros,
    count(*) AS in_state
  FROM pg_catalog.pg_stat_activity
  WHERE backend_type = 'client backend'
    AND pid <> pg_catalog.pg_backend_pid()
    AND usename <> ${literal(platformRole)}
    AND NOT (usename = session_user
      AND (pg_catalog.starts_with(application_name, 'compute_ctl:') OR application_name = 'vm-monitor'))
  GROUP BY state
) AS c ON true`;
