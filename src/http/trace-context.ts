import { traceContext } from "../base/trace-context.ts";
import type { TraceContext } from "../base/tracer.ts";
import type { RawHeaders } from "./raw-headers.ts";
import { allHeaders } from "./raw-headers.ts";

/** The trace that a request belongs to (HTTP-15, W3C Trace Context); undefined when it names none, or not properly. */
export function givenTrace(headers: RawHeaders): TraceContext | undefined {
  const [traceparent, repeated] = allHeaders(headers, "traceparent");
  if (traceparent === undefined || repeated !== undefined) return undefined;
  return traceContext(traceparent, allHeaders(headers, "tracestate").join(","));
}
