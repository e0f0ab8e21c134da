/** The lines of `now` that came after those of `before`; both are the newest lines of one log, each at its moment. */
export function newLines(before: readonly string[], now: readonly string[]): readonly string[] {
  const newest = before.at(-1);
  if (newest === undefined) return now;
  // From the end: the longest stretch of lines that is in both is the likeliest truth.
  for (let at = now.length - 1; at >= 0; at -= 1) {
    if (now[at] === newest && overlaps(before, now, at)) return now.slice(at + 1);
  }
  return now;
}

/** Whether the lines of `now` up to `at` are the last ones of `before`, as far as both go. */
function overlaps(before: readonly string[], now: readonly string[], at: number): boolean {
  const length = Math.min(before.length, at + 1);
  for (let back = 0; back < length; back += 1) {
    if (now[at - back] !== before[before.length - 1 - back]) return false;
  }
  return true;
}
