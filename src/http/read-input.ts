import { isJsonContentType } from "./content-type.ts";
import type { Decoded, Input } from "./input.ts";
import { readQuery } from "./input.ts";
import type { RawHeaders } from "./raw-headers.ts";
import { firstHeader } from "./raw-headers.ts";

/** How reading a request's body ended. */
export type BodyRead =
  | { readonly kind: "whole"; readonly bytes: Uint8Array }
  | { readonly kind: "too-large" }
  | { readonly kind: "too-slow" }
  | { readonly kind: "broken" };

/** The parts of a request from which an input can come. */
export interface InputSource {
  readonly rawHeaders: RawHeaders;
  /** The text after the target's first `?`; undefined without one. */
  readonly query: string | undefined;
  /** Reads the body once, at most `bytesMax` bytes of it. Never rejects. */
  readBody(bytesMax: number): Promise<BodyRead>;
}

const notBuffered = "failed to buffer the request body";

/**
 * Reads a route's input in the order of HTTP-9: path and query, content type, size, JSON, shape (HTTP-20).
 * @param rest what stands in the path for the route's name in braces
 */
export async function readInput<T>(input: Input<T>, rest: string, source: InputSource): Promise<Decoded<T>> {
  const query = readQuery(source.query, input.query);
  if (!query.ok) return query;
  const target = { rest, hasQuery: source.query !== undefined, query: query.value };
  if (input.from === "target") return input.decode(target);
  const decodeBody = input.decode(target);
  if (!decodeBody.ok) return decodeBody;
  if (!isJsonContentType(firstHeader(source.rawHeaders, "content-type"))) {
    return { ok: false, status: 415, error: "expected request with `content-type: application/json`" };
  }
  const body = await source.readBody(input.bytesMax);
  return body.kind === "whole" ? decodeBody.value(body.bytes) : bodyProblem(body.kind);
}

function bodyProblem(kind: Exclude<BodyRead["kind"], "whole">): Decoded<never> {
  switch (kind) {
    case "too-large":
      return { ok: false, status: 413, error: `${notBuffered}: length limit exceeded` };
    case "too-slow":
      return { ok: false, status: 408, error: `${notBuffered}: it did not arrive in time` };
    case "broken":
      return { ok: false, status: 400, error: `${notBuffered}: it ended early or is malformed` };
  }
}
