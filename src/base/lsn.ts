/** A position in the WAL, in bytes: an unsigned 64-bit number inside, `X/X` at the edges (BASE-1). Zero means "none". */
export type Lsn = bigint;

const half = /^\+?[0-9a-f]+$/i;
const halfMax = 0xffff_ffffn;

/**
 * Reads the text form of an LSN: outer blanks ignored, exactly one `/`, each side hex and at most 32 bits wide, any case.
 * Undefined when the text is not one.
 */
export function parseLsn(text: string): Lsn | undefined {
  const halves = text.trim().split("/");
  const [high, low] = halves.map(parseHalf);
  if (halves.length !== 2 || high === undefined || low === undefined) return undefined;
  return (high << 32n) | low;
}

/** Writes an LSN as two upper-case hex numbers without padding, for example `0/16B3748`. */
export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & halfMax).toString(16)}`.toUpperCase();
}

function parseHalf(text: string): bigint | undefined {
  if (!half.test(text)) return undefined;
  const value = BigInt(`0x${text.replace("+", "")}`);
  return value > halfMax ? undefined : value;
}
