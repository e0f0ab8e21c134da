import { type Decoder, readDocument } from "../base/decoder.ts";
import { JsonSyntaxError, parseJson } from "../base/json.ts";

/** What a text says, or one line about what is wrong with it. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** Texts of the other side go into our answers and our log, but not by the megabyte: an agent reads 32 KiB (VM-28). */
const textCharsMax = 2_000;

/** The text, or its beginning. */
export function cut(text: string): string {
  return text.length <= textCharsMax ? text : `${text.slice(0, textCharsMax).toWellFormed()}…`;
}

/** Reads a JSON text, strictly: whole numbers keep all their digits, unknown members are ignored (VM-10). */
export function readJson<T>(decoder: Decoder<T>, text: string): Read<T> {
  try {
    const document = readDocument(decoder, parseJson(text));
    if (document.ok) return document;
    const problems = document.problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
    return { ok: false, problem: cut(problems.join("; ")) };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { ok: false, problem: error.message };
  }
}
