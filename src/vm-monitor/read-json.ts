import { type Decoder, readDocument } from "../base/decoder.ts";
import { JsonSyntaxError, parseJson } from "../base/json.ts";

/** What a text says, or one line about what is wrong with it. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** Reads a JSON text, strictly: whole numbers keep all their digits, unknown members are ignored (VM-10). */
export function readJson<T>(decoder: Decoder<T>, text: string): Read<T> {
  try {
    const document = readDocument(decoder, parseJson(text));
    if (document.ok) return document;
    const problems = document.problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
    return { ok: false, problem: problems.join("; ") };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { ok: false, problem: error.message };
  }
}
