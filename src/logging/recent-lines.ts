/** The newest lines of the log, in memory. */
export interface RecentLines {
  /** Takes text as it is written: whole lines, each with its `\n`. */
  add(text: string): void;
  /** The newest `count` lines, the oldest first, without line breaks. */
  recent(count: number): readonly string[];
  /** How many lines there have been, those given up among them. */
  total(): number;
}

/** Texts that were written together. */
interface Entry {
  readonly text: string;
  readonly lines: number;
  readonly bytes: number;
}

const nothing: Entry = { text: "", lines: 0, bytes: 0 };

/**
 * Makes a memory of at most `linesMax` lines in `bytesMax` bytes of UTF-8; the newest text is kept even if it alone is
 * larger. Texts are kept as they came, as Postgres can write 100,000 lines in a second that nobody will ask for: cutting
 * them up is left to whoever asks.
 */
export function createRecentLines(limits: { readonly linesMax: number; readonly bytesMax: number }): RecentLines {
  let entries: Entry[] = [];
  /** Where the entries begin; those before have been given up. */
  let first = 0;
  let lines = 0;
  let bytes = 0;
  let total = 0;

  const giveUpOldest = (): void => {
    for (;;) {
      const oldest = entries[first];
      if (oldest === undefined || first === entries.length - 1) break;
      if (bytes <= limits.bytesMax && lines - oldest.lines < limits.linesMax) break;
      lines -= oldest.lines;
      bytes -= oldest.bytes;
      entries[first] = nothing;
      first += 1;
    }
    if (first * 2 < entries.length) return;
    entries = entries.slice(first);
    first = 0;
  };

  return {
    add(text) {
      const entry = { text, lines: countLines(text), bytes: Buffer.byteLength(text) };
      if (entry.lines === 0) return;
      entries.push(entry);
      lines += entry.lines;
      total += entry.lines;
      bytes += entry.bytes;
      giveUpOldest();
    },
    total: () => total,
    recent(count) {
      const wanted = Math.min(count, limits.linesMax);
      if (wanted <= 0) return [];
      let at = entries.length;
      for (let found = 0; at > first && found < wanted; at -= 1) found += entries[at - 1]?.lines ?? 0;
      const text = entries.slice(at).reduce((whole, entry) => whole + entry.text, "");
      return text === "" ? [] : text.slice(0, -1).split("\n").slice(-wanted);
    },
  };
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
