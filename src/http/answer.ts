import type { Readable } from "node:stream";
import { describeError, errorChain } from "../base/error-chain.ts";
import type { ComputeStatus } from "../compute/status.ts";
import { statusText } from "../compute/status.ts";

/** The body of an answer: a text, or a stream of unknown length that ends with the client (HTTP-36, HTTP-66). */
export type Content =
  | { readonly type: string; readonly text: string }
  | {
      readonly type: string | undefined;
      readonly stream: Readable;
      /** It has no end of its own: a client that goes away is how it ends. */
      readonly endsWithClient?: true;
    };

/** What goes back to a client, apart from the headers that every answer has. */
export interface Answer {
  readonly status: number;
  /** Left out for an answer without body: then there is no content type either (HTTP-22). */
  readonly content?: Content;
  /** Headers of this answer alone, by their names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The `Allow` header of a 405. */
  readonly allow?: string;
  /** An error text that belongs into the log as well (HTTP-17). */
  readonly complaint?: string;
}

/** An answer that carries `value` as compact JSON. */
export function json(status: number, value: unknown): Answer {
  return { status, content: { type: "application/json", text: JSON.stringify(value) } };
}

/** An answer without body. */
export function empty(status: number): Answer {
  return { status };
}

/** An error of a handler or of the authorization, in the shape of HTTP-19; its text is logged too. */
export function failure(status: number, error: string): Answer {
  return { ...json(status, { error }), complaint: error };
}

/**
 * An error whose outermost message says which step of the work failed. The client is told that much; the log gets the causes
 * as well.
 */
export function failedStep(what: string, error: unknown): Answer {
  const [step = "unknown error"] = errorChain(error);
  return { ...failure(500, `${what}: ${step}`), complaint: `${what}: ${describeError(error)}` };
}

/** An error in a request's path, query or body: the same shape, but the client's fault alone and not logged (HTTP-17). */
export function unreadable(status: number, error: string): Answer {
  return json(status, { error });
}

/** The answer to an order that the compute's status does not allow (HTTP-21). */
export function wrongStatus(status: ComputeStatus): Answer {
  return failure(412, `invalid compute status: ${statusText(status)}`);
}

/** The answer of a route whose feature this release does not have. */
export function notAvailable(feature: string): Answer {
  return failure(501, absence(feature));
}

/** The text that says so. */
export function absence(feature: string): string {
  return `${feature} is not available in this release`;
}
