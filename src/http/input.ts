import type { Decoder } from "../base/decoder.ts";
import { readDocument } from "../base/decoder.ts";
import type { JsonValue } from "../base/json.ts";
import { decodeUtf8, JsonSyntaxError, parseJson } from "../base/json.ts";
import { refusalForHttp } from "../spec/describe-refusal.ts";

/** A decoded part of a request, or the status and text with which it is refused. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly error: string };

/** The parts of a request's target that a route may look at. */
export interface TargetValues {
  /** What stands in the path for the name in braces, as sent. */
  readonly rest: string;
  /** Whether there is a `?`, even with nothing behind it. */
  readonly hasQuery: boolean;
  /** The parameters that the input names, each at most once. */
  readonly query: ReadonlyMap<string, string>;
}

/** Where a route's input comes from. `query` names the parameters that it looks at; all others are ignored. */
export type Input<T> =
  | { readonly from: "target"; readonly query: readonly string[]; decode(target: TargetValues): Decoded<T> }
  | {
      readonly from: "target and json";
      readonly query: readonly string[];
      readonly bytesMax: number;
      /** Reads the target, and says how to read the body. */
      decode(target: TargetValues): Decoded<(bytes: Uint8Array) => Decoded<T>>;
    };

/** The input of routes that look at neither target nor body. */
export const noInput: Input<undefined> = { from: "target", query: [], decode: () => accepted(undefined) };

/** An input from the target alone. */
export function targetInput<T>(query: readonly string[], decode: (target: TargetValues) => Decoded<T>): Input<T> {
  return { from: "target", query, decode };
}

/** An input from the body alone (HTTP-20): one JSON document and nothing behind it (T-20). */
export function jsonInput<T>(bytesMax: number, decoder: Decoder<T>): Input<T> {
  const read = (bytes: Uint8Array): Decoded<T> => readJson(bytes, decoder);
  return { from: "target and json", query: [], bytesMax, decode: () => accepted(read) };
}

export function accepted<T>(value: T): Decoded<T> {
  return { ok: true, value };
}

/** A query that does not fit (HTTP-20). */
export function badQuery(detail: string): Decoded<never> {
  return { ok: false, status: 400, error: `failed to deserialize query string: ${detail}` };
}

/** Reads the parameters that `names` lists; one of them given twice does not fit. */
export function readQuery(query: string | undefined, names: readonly string[]): Decoded<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!names.includes(name)) continue;
    if (found.has(name)) return badQuery(`duplicate field \`${name}\``);
    found.set(name, value);
  }
  return accepted(found);
}

/** A parameter that is `true` or `false`, and `fallback` when it is missing. */
export function readFlag(target: TargetValues, name: string, fallback: boolean): Decoded<boolean> {
  const text = target.query.get(name);
  if (text === undefined) return accepted(fallback);
  if (text === "true" || text === "false") return accepted(text === "true");
  return badQuery(`${name}: provided string was not \`true\` or \`false\``);
}

/** The name in braces, percent-decoded (HTTP-72). */
export function readPathName(name: string, { rest }: TargetValues): Decoded<string> {
  const bytes = rest.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  try {
    return accepted(decodeUtf8(Uint8Array.from(bytes, (char) => char.charCodeAt(0))));
  } catch {
    return { ok: false, status: 400, error: `invalid url: invalid utf-8 in \`${name}\`` };
  }
}

function readJson<T>(bytes: Uint8Array, decoder: Decoder<T>): Decoded<T> {
  const document = parse(bytes);
  if (!document.ok) return document;
  const result = readDocument(decoder, document.value);
  return result.ok ? result : { ok: false, ...refusalForHttp({ kind: "schema", problems: result.problems }) };
}

function parse(bytes: Uint8Array): Decoded<JsonValue> {
  try {
    return accepted(parseJson(decodeUtf8(bytes)));
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { ok: false, ...refusalForHttp({ kind: "syntax", problems: [{ path: "", message: error.message }] }) };
  }
}
