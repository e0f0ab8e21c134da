/** U+200B, a zero width space: stands where the lines of one record were (LIFE-87). */
const lineBreak = "\u200b";
/** A record longer than this many characters is cut (T-17). */
const recordLengthMax = 65_536;
/** A record ends when no line has come for so long. */
const gapMs = 100;
const recordStart = /^\d+-\d{2}-\d{2} \d{2}:\d{2}:\d{2}/;

/** Turns the stderr of Postgres into records: one per log message, however many lines it has. Times are monotonic milliseconds. */
export interface LogJoiner {
  /** Takes bytes, split anywhere, and returns the records that they complete. */
  push(bytes: Uint8Array, nowMs: number): readonly string[];
  /** When {@link tick} is due; undefined while no record waits for its end. Later lines move it. */
  dueAtMs(): number | undefined;
  /** Returns the waiting record if no line has come for 100 ms. */
  tick(nowMs: number): readonly string[];
  /** The end of the stream: returns all that is left, an unfinished last line included. */
  flush(): readonly string[];
}

/**
 * Makes a joiner (LIFE-87). A record ends where the next line starts with a timestamp, where no line came for 100 ms, and
 * at the end of the stream. Invalid UTF-8 is replaced, and records are cut at 65,536 characters (T-17).
 */
export function createLogJoiner(): LogJoiner {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let partial = "";
  let lines: string[] = [];
  let length = 0;
  let lastLineMs = 0;
  let done: string[] = [];

  function endRecord(): void {
    if (lines.length === 0) return;
    done.push(lines.join(lineBreak));
    lines = [];
    length = 0;
  }

  function addLine(line: string): void {
    const text = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (length + text.length > recordLengthMax || recordStart.test(text)) endRecord();
    lines.push(text);
    length += text.length + lineBreak.length;
  }

  function addText(text: string, nowMs: number): void {
    const pieces = (partial + text).split("\n");
    partial = pieces.pop() ?? "";
    for (const line of pieces) addLine(cutFront(line));
    if (pieces.length > 0) lastLineMs = nowMs;
    partial = cutFront(partial);
  }

  /** Sends the front of an overlong line on as records of their own, and returns the rest. */
  function cutFront(line: string): string {
    let rest = line;
    while (rest.length > recordLengthMax) {
      const at = cutBefore(rest, recordLengthMax);
      endRecord();
      done.push(rest.slice(0, at));
      rest = rest.slice(at);
    }
    return rest;
  }

  function take(): readonly string[] {
    const records = done;
    done = [];
    return records;
  }

  return {
    push(bytes, nowMs) {
      addText(decoder.decode(bytes, { stream: true }), nowMs);
      return take();
    },
    dueAtMs: () => (lines.length === 0 ? undefined : lastLineMs + gapMs),
    tick(nowMs) {
      if (nowMs >= lastLineMs + gapMs) endRecord();
      return take();
    },
    flush() {
      addText(decoder.decode(), lastLineMs);
      if (partial !== "") addLine(partial);
      partial = "";
      endRecord();
      return take();
    },
  };
}

/** The last place at or before `at` that does not split a surrogate pair. */
function cutBefore(text: string, at: number): number {
  const before = text.charCodeAt(at - 1);
  return before >= 0xd800 && before <= 0xdbff ? at - 1 : at;
}
