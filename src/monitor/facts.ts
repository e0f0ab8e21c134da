import type { SqlRow } from "../base/sql.ts";

/** Customers' sessions that are in one state (MON-8 step 2). */
export interface SessionGroup {
  /** As in `pg_stat_activity`; null when the session hides it. */
  readonly state: string | null;
  /** When the newest of them came into this state, in microseconds since 1970; null when none tells. */
  readonly changedMicros: number | null;
}

/** What the statistics have summed up over customers' databases, since they were last reset (MON-8 step 1). */
export interface StatisticsTotals {
  /** Time spent in statements, in milliseconds. */
  readonly activeMs: number;
  /** Sessions that were ever opened. */
  readonly sessions: number;
}

/** Everything that one look at Postgres tells about its use. */
export interface ActivityFacts {
  /** When it was taken, by the server's clock, in microseconds since 1970. */
  readonly nowMicros: number;
  /** Null for facts without statistics. */
  readonly statistics: StatisticsTotals | null;
  readonly sessions: readonly SessionGroup[];
  /** Walsenders of others than the walproposer. */
  readonly walSenders: number;
  /** Workers of subscriptions. */
  readonly subscriptionWorkers: number;
  readonly autovacuumWorkers: number;
}

/** The answer to the activity query was not what it should be. */
class ActivityFactsError extends Error {
  constructor(column: string, value: string | null | undefined) {
    super(`the activity query answered ${value ?? "nothing"} in column ${column}, where a number was expected`);
    this.name = "ActivityFactsError";
  }
}

/**
 * The facts in the rows that the activity query gave: each row has them all, and one group of sessions.
 * @throws ActivityFactsError when a value is no number (MON-8: an undecodable result fails the whole check)
 */
export function decodeFacts(rows: readonly SqlRow[]): ActivityFacts {
  const [first = {}] = rows;
  return Object.freeze({
    nowMicros: number(first, "now_micros"),
    statistics: { activeMs: number(first, "active_ms"), sessions: number(first, "sessions") },
    sessions: rows.flatMap((row) => (row["in_state"] === null ? [] : [decodeGroup(row)])),
    walSenders: number(first, "wal_senders"),
    subscriptionWorkers: number(first, "subscription_workers"),
    autovacuumWorkers: number(first, "autovacuum_workers"),
  });
}

function decodeGroup(row: SqlRow): SessionGroup {
  const changed = row["changed_micros"] ?? null;
  return { state: row["state"] ?? null, changedMicros: changed === null ? null : number(row, "changed_micros") };
}

function number(row: SqlRow, column: string): number {
  const text = row[column];
  const value = text === null || text === undefined || text === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new ActivityFactsError(column, text);
  return value;
}
