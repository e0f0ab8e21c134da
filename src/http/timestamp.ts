/** A moment as RFC 3339 in UTC, with the fewest of 0 or 3 fraction digits that lose nothing (SPEC-90); `start_time` is one. */
export function formatTimestamp(moment: Date): string {
  return moment.toISOString().replace(".000Z", "Z");
}

/**
 * The same for microseconds since 1970, which JavaScript's dates cannot hold: 0, 3 or 6 fraction digits, and the suffix that
 * `last_active` has always had (MON-13).
 */
export function formatMicros(micros: number): string {
  const whole = new Date(Math.floor(micros / 1_000_000) * 1_000).toISOString().replace(".000Z", "");
  const fraction = String(((micros % 1_000_000) + 1_000_000) % 1_000_000).padStart(6, "0");
  return `${whole}${fractionText(fraction)}+00:00`;
}

function fractionText(sixDigits: string): string {
  if (sixDigits === "000000") return "";
  return `.${sixDigits.endsWith("000") ? sixDigits.slice(0, 3) : sixDigits}`;
}
