import type { ComputeControl } from "../compute/control.ts";
import type { ComputeStatus } from "../compute/status.ts";
import type { Answer } from "./answer.ts";

/** The control plane's server, or the one for processes of the same machine. */
export type ServerName = "external" | "internal";

/** What handlers work with. */
export interface Services {
  readonly control: ComputeControl;
  /** The text of `/metrics`. */
  readonly metricsText: () => string;
}

/** A decoded part of a request, or the status and text with which it is refused. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly error: string };

/** Where a route's input comes from. `query` is the text after the first `?`, undefined when there is none. */
export type Input<T> =
  | { readonly from: "nothing"; readonly value: T }
  | { readonly from: "query"; decode(query: string | undefined): Decoded<T> }
  | { readonly from: "json"; readonly bytesMax: number; decode(bytes: Uint8Array): Decoded<T> };

/** The input of routes that look at neither query nor body. */
export const noInput: Input<undefined> = { from: "nothing", value: undefined };

/**
 * One route as data; the order of the checks before `handle` is written once, in `pipeline.ts`. `handle` may throw:
 * that is a 500. It is a method so that routes with different inputs fit into one table; the pipeline hands it nothing
 * but what the same route's `input` made.
 */
export interface Route<T = unknown> {
  readonly server: ServerName;
  readonly method: "GET" | "POST" | "DELETE";
  /** Matched byte for byte (HTTP-10). */
  readonly path: string;
  readonly auth: "jwt" | "open";
  /** The statuses in which the route works; others get a 412. Left out when every status will do, or `handle` decides. */
  readonly allowedIn?: readonly ComputeStatus[];
  readonly input: Input<T>;
  handle(services: Services, input: T): Answer | Promise<Answer>;
}
