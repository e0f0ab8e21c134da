/**
 * The text for records of Postgres's log (LIFE-87): each as `PG:<record>` and a line break, without level or filter. The
 * records of one chunk make one text, so that they cost one write.
 */
export function postgresRecords(records: readonly string[]): string {
  return records.map((record) => `PG:${record}\n`).join("");
}
