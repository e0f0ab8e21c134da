import { type Decoder, type Shape, wrongType } from "./decoder.ts";
import type { JsonValue } from "./json.ts";

/** Any text. */
export const string: Decoder<string> = scalar({ kind: "string", expected: "a string" }, textOf);

/** A text that no message may show, not even when it was written as a number. */
export const secret: Decoder<string> = {
  shape: string.shape,
  read: (value, findings) => textOf(value) ?? findings.refuse("schema", "invalid type, expected a string"),
};

export const boolean: Decoder<boolean> = scalar({ kind: "boolean", expected: "a boolean" }, (value) =>
  typeof value === "boolean" ? value : undefined,
);

/** Any number, in whole-number notation too. */
export const float: Decoder<number> = scalar({ kind: "number", expected: "a number" }, (value) => {
  const text = numberText(value);
  return text === undefined ? undefined : Number(text);
});

export const u8: Decoder<number> = transformed(integer("u8", 0n, 0xffn), Number);
export const u32: Decoder<number> = transformed(integer("u32", 0n, 0xffff_ffffn), Number);
export const u64: Decoder<bigint> = integer("u64", 0n, 0xffff_ffff_ffff_ffffn);
export const nonzeroU64: Decoder<bigint> = integer("a nonzero u64", 1n, 0xffff_ffff_ffff_ffffn);
export const i64: Decoder<bigint> = integer("i64", -(2n ** 63n), 2n ** 63n - 1n);

/**
 * A text that `parse` understands.
 * @param expected what the text is, for people and, if it can be told so, for programs
 * @param problemOf the message about a text that it does not
 */
export function parsed<T>(
  expected: string | Omit<Extract<Shape, { kind: "string" }>, "kind">,
  parse: (text: string) => T | undefined,
  problemOf: (text: string) => string,
): Decoder<T> {
  const shape: Shape = { kind: "string", ...(typeof expected === "string" ? { expected } : expected) };
  return {
    shape,
    read(value, findings) {
      const text = textOf(value);
      if (text === undefined) return findings.refuse("schema", wrongType(value, shape));
      return parse(text) ?? findings.refuse("schema", problemOf(text));
    },
  };
}

/** One of some texts. */
export function oneOf<const T extends string>(...choices: readonly T[]): Decoder<T> {
  return parsed(
    { expected: "a string", choices },
    (text) => choices.find((choice) => choice === text),
    (text) => unknownVariant(text, choices),
  );
}

/** What `decoder` reads, turned into something else. */
export function transformed<T, U>(decoder: Decoder<T>, transform: (value: T) => U): Decoder<U> {
  return {
    shape: decoder.shape,
    read(value, findings) {
      const result = decoder.read(value, findings);
      return result === undefined ? undefined : transform(result);
    },
  };
}

/** The message about a text that is none of `choices`. */
export function unknownVariant(text: string, choices: readonly string[]): string {
  const quoted = choices.map((choice) => `\`${choice}\``);
  const expected = quoted.length === 2 ? quoted.join(" or ") : `one of ${quoted.join(", ")}`;
  return `unknown variant \`${text}\`, expected ${expected}`;
}

/** A whole number in whole-number notation; `1.0` and `1e2` are not (SPEC-12). */
function integer(expected: string, min: bigint, max: bigint): Decoder<bigint> {
  const shape: Shape = { kind: "integer", expected, min, max };
  return {
    shape,
    read(value, findings) {
      const text = numberText(value);
      if (text === undefined || !/^-?\d+$/.test(text)) return findings.refuse("schema", wrongType(value, shape));
      const number = BigInt(text);
      if (number >= min && number <= max) return number;
      return findings.refuse("schema", `invalid value: integer \`${text}\`, expected ${expected}`);
    },
  };
}

function scalar<T>(shape: Shape, convert: (value: JsonValue) => T | undefined): Decoder<T> {
  return { shape, read: (value, findings) => convert(value) ?? findings.refuse("schema", wrongType(value, shape)) };
}

function textOf(value: JsonValue): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberText(value: JsonValue): string | undefined {
  return typeof value === "object" && value?.kind === "number" ? value.text : undefined;
}
