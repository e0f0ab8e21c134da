/**
 * A moment as RFC 3339 in UTC, with the fewest of 0 or 3 fraction digits that lose nothing (SPEC-90); JavaScript's
 * dates end at milliseconds. `start_time` ends in `Z`, `last_active` in `+00:00`.
 */
export function formatTimestamp(moment: Date, zone: "Z" | "+00:00"): string {
  return moment.toISOString().replace(/(?:\.000)?Z$/, zone);
}
