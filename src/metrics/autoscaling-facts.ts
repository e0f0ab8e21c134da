import type { SqlRow } from "../base/sql.ts";

/** What Postgres tells of its load; sums are those since its statistics were last reset. */
export interface PostgresLoad {
  readonly maxConnections: number;
  readonly sharedBuffersBytes: number;
  /** Client sessions, this one aside, by state. */
  readonly sessions: ReadonlyMap<string, number>;
  readonly bufferHits: number;
  readonly bufferReads: number;
  readonly tempBytes: number;
}

/** What the system tells. */
export interface SystemLoad {
  readonly processors: number;
  /** The load averages of 1, 5 and 15 minutes. */
  readonly loads: readonly [number, number, number];
  readonly memoryTotalBytes: number;
  readonly memoryFreeBytes: number;
}

/** What this program can tell an autoscaler by itself. */
export interface AutoscalingFacts {
  /** Null while Postgres does not answer. */
  readonly postgres: PostgresLoad | null;
  readonly system: SystemLoad;
}

/** All that is asked of Postgres, in one round trip; a row for each state of a session. */
export const postgresLoadQuery = `SELECT f.*, s.state, s.in_state
FROM (
  SELECT pg_catalog.current_setting('max_connections') AS max_connections,
    pg_catalog.pg_size_bytes(pg_catalog.current_setting('shared_buffers')) AS shared_buffers,
    COALESCE(sum(blks_hit), 0) AS buffer_hits,
    COALESCE(sum(blks_read), 0) AS buffer_reads,
    COALESCE(sum(temp_bytes), 0) AS temp_bytes
  FROM pg_catalog.pg_stat_database
) AS f
LEFT JOIN (
  SELECT COALESCE(state, 'unknown') AS state, count(*) AS in_state
  FROM pg_catalog.pg_stat_activity
  WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()
  GROUP BY 1
) AS s ON true`;

/** The load in the rows of {@link postgresLoadQuery}. @throws Error when a value is no number */
export function decodePostgresLoad(rows: readonly SqlRow[]): PostgresLoad {
  const [first = {}] = rows;
  const states = rows.flatMap((row) =>
    row["state"] === null || row["state"] === undefined ? [] : [[row["state"], number(row, "in_state")] as const],
  );
  return Object.freeze({
    maxConnections: number(first, "max_connections"),
    sharedBuffersBytes: number(first, "shared_buffers"),
    sessions: new Map(states),
    bufferHits: number(first, "buffer_hits"),
    bufferReads: number(first, "buffer_reads"),
    tempBytes: number(first, "temp_bytes"),
  });
}

function number(row: SqlRow, column: string): number {
  const value = Number(row[column] ?? "no number");
  if (!Number.isFinite(value)) throw new Error(`the load query answered ${row[column]} in column ${column}`);
  return value;
}
