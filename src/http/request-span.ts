import type { Span, SpanAttributes, Tracer } from "../base/tracer.ts";
import type { Answer } from "./answer.ts";
import type { RawHeaders } from "./raw-headers.ts";
import { firstHeader } from "./raw-headers.ts";
import { givenTrace } from "./trace-context.ts";

/** What a span tells about a request. */
export interface TracedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly httpVersion: string;
  readonly rawHeaders: RawHeaders;
}

/** The headers whose values are no secrets, whoever sends them; no other one is exported (T-3). */
const tracedHeaders = ["accept", "content-length", "content-type", "host", "user-agent", "x-request-id"];

/** Starts the span of a request, as a child of the trace that the request belongs to (HTTP-15). */
export function startRequestSpan(tracer: Tracer, request: TracedRequest): Span {
  const attributes: Record<string, string> = {
    "http.request.method": request.method,
    "network.protocol.name": "http",
    "network.protocol.version": request.httpVersion,
    "url.path": request.path,
  };
  if (request.query !== undefined) attributes["url.query"] = request.query;
  for (const name of tracedHeaders) {
    const value = firstHeader(request.rawHeaders, name);
    if (value !== undefined) attributes[`http.request.header.${name}`] = value;
  }
  return tracer.start("HTTP", { parent: givenTrace(request.rawHeaders), kind: "server", attributes });
}

/** What the answer adds to the span. */
export function answerAttributes({ status, content, allow }: Answer, requestId: string): SpanAttributes {
  return {
    "http.response.status_code": status,
    "http.response.header.x-request-id": requestId,
    ...(content?.type === undefined ? {} : { "http.response.header.content-type": content.type }),
    ...(allow === undefined ? {} : { "http.response.header.allow": allow }),
  };
}

/** Why the span has failed (HTTP-15): an answer of class 5xx. */
export function spanError({ status, complaint }: Answer): Error | undefined {
  return status < 500 ? undefined : new Error(complaint ?? `answered with status ${status}`);
}
