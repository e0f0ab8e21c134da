import type { JsonValue } from "./json.ts";

/**
 * Reads one kind of value out of a JSON document (chapter 02 §2). It names every problem of the value, not only the first,
 * in the order of the document; a member that is missing counts as found at the end of its object.
 */
export interface Decoder<T> {
  /** What it accepts, as data. */
  readonly shape: Shape;
  /** The value; undefined when something is wrong with it, which is then in `findings`. */
  read(value: JsonValue, findings: Findings): T | undefined;
}

/** What a decoder accepts; `expected` says it in the words of an error message. */
export type Shape = { readonly expected: string } & (
  | { readonly kind: "boolean" | "number" }
  /** `choices` lists all texts that will do, `pattern` is a regular expression for them. */
  | { readonly kind: "string"; readonly choices?: readonly string[]; readonly pattern?: string }
  | { readonly kind: "integer"; readonly min: bigint; readonly max: bigint }
  | { readonly kind: "list"; readonly item: Shape }
  | { readonly kind: "map"; readonly key: Shape; readonly value: Shape }
  /** `title` is the name of what the object stands for. */
  | { readonly kind: "object"; readonly title?: string; readonly members: readonly MemberShape[] }
  | { readonly kind: "variants"; readonly variants: ReadonlyMap<string, Shape | null>; readonly open: boolean }
  | { readonly kind: "any-of"; readonly options: readonly Shape[] }
);

/** A member of an object. An `optional` one may be missing or null, a `defaulted` one only missing (SPEC-11). */
export interface MemberShape {
  readonly name: string;
  readonly presence: "required" | "optional" | "defaulted";
  readonly shape: Shape;
}

/** One thing wrong with a document (SPEC-17). `path` is like `spec.cluster.roles[0].name`, empty at the root. */
export interface DecodeProblem {
  readonly kind: "syntax" | "schema";
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

/** Where a decoder stands in the document, and the problems met so far. */
export class Findings {
  readonly problems: DecodeProblem[] = [];
  private readonly steps: (string | number)[] = [];

  /** Reads a part of the value at hand: the member `step`, or the element with that index. */
  readAt<T>(step: string | number, decoder: Decoder<T>, value: JsonValue): T | undefined {
    this.steps.push(step);
    const result = decoder.read(value, this);
    this.steps.pop();
    return result;
  }

  /** Notes a problem with the value at hand. */
  refuse(kind: DecodeProblem["kind"], message: string, hint?: string): undefined {
    this.problems.push({ kind, path: this.path(), message, ...(hint === undefined ? {} : { hint }) });
    return undefined;
  }

  /** The path of the value at hand. */
  path(): string {
    let path = "";
    for (const step of this.steps) {
      if (typeof step === "number") path += `[${step}]`;
      else path += path === "" ? step : `.${step}`;
    }
    return path;
  }
}

/** Reads a whole document, whose problems are never empty when it is refused. */
export function readDocument<T>(
  decoder: Decoder<T>,
  value: JsonValue,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly DecodeProblem[] } {
  const findings = new Findings();
  const result = decoder.read(value, findings);
  return result === undefined ? { ok: false, problems: findings.problems } : { ok: true, value: result };
}

/** `decoder`, with a hint beside the first problem of the value itself (not of its parts), if `hintOf` knows one. */
export function hinted<T>(decoder: Decoder<T>, hintOf: (value: JsonValue) => string | undefined): Decoder<T> {
  return {
    shape: decoder.shape,
    read(value, findings) {
      const before = findings.problems.length;
      const result = decoder.read(value, findings);
      if (result !== undefined) return result;
      const here = findings.path();
      const index = findings.problems.findIndex(({ path }, at) => at >= before && path === here);
      const problem = findings.problems[index];
      const hint = hintOf(value);
      if (problem !== undefined && hint !== undefined) findings.problems[index] = { ...problem, hint };
      return undefined;
    },
  };
}

/**
 * The message about a value of the wrong type. Texts are told by type only: a connection string that stands where an
 * object is due may carry a password.
 */
export function wrongType(value: JsonValue, shape: Shape): string {
  return `invalid type: ${describeType(value)}, expected ${shape.expected}`;
}

function describeType(value: JsonValue): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return `boolean \`${value}\``;
  if (typeof value === "string") return "string";
  if (value.kind === "number") return `${/^-?\d+$/.test(value.text) ? "integer" : "floating point"} \`${value.text}\``;
  return value.kind === "array" ? "sequence" : "map";
}
