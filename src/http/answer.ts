import type { ComputeStatus } from "../compute/status.ts";
import { statusText } from "../compute/status.ts";

/** What goes back to a client, apart from the headers that every answer has. */
export interface Answer {
  readonly status: number;
  /** Left out for an answer without body: then there is no content type either (HTTP-22). */
  readonly content?: { readonly type: string; readonly text: string };
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

/** An error in a request's query or body: the same shape, but the client's fault alone and not logged (HTTP-17). */
export function unreadable(status: number, error: string): Answer {
  return json(status, { error });
}

/** The answer to an order that the compute's status does not allow (HTTP-21). */
export function wrongStatus(status: ComputeStatus): Answer {
  return failure(412, `invalid compute status: ${statusText(status)}`);
}
