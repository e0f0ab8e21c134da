import { string } from "../base/decode-scalars.ts";
import { object, required } from "../base/decode-structures.ts";
import { type Decoder, readDocument } from "../base/decoder.ts";
import { describeError } from "../base/error-chain.ts";
import { type JsonValue, parseJson } from "../base/json.ts";
import { ApiError, UnexpectedAnswerError } from "./errors.ts";
import type { IncomingAnswer } from "./exchange.ts";

const errorObject = object({ error: required("error", string) });
/** How much is shown of an answer that is not the API's, such as a proxy's page. */
const excerptLengthMax = 500;

/**
 * Reads the document of a successful answer.
 * @param what the request, for the error message
 * @throws UnexpectedAnswerError when it is not what the API answers with
 */
export function readAnswer<T>(decoder: Decoder<T>, { text }: IncomingAnswer, what: string): T {
  let json: JsonValue;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new UnexpectedAnswerError(what, describeError(error));
  }
  const read = readDocument(decoder, json);
  if (read.ok) return read.value;
  const [problem] = read.problems;
  throw new UnexpectedAnswerError(what, `${problem?.path === "" ? "" : `${problem?.path}: `}${problem?.message}`);
}

/** The error that stands for an answer which is not a success (HTTP-19). */
export function refusalOf({ status, text }: IncomingAnswer): ApiError {
  return new ApiError(status, errorText(text) ?? (text.slice(0, excerptLengthMax).trim() || `HTTP status ${status}`));
}

function errorText(text: string): string | undefined {
  try {
    const read = readDocument(errorObject, parseJson(text));
    return read.ok ? read.value.error : undefined;
  } catch {
    return undefined;
  }
}
