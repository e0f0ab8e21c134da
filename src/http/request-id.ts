import type { RawHeaders } from "./raw-headers.ts";
import { firstHeader } from "./raw-headers.ts";

const printable = /^[\t -~]*$/;

/**
 * The id that a client gave its request, verbatim and even if empty (HTTP-14). Undefined when there is none, or one
 * that could not be sent back as a header (T-2): then the request gets a fresh id.
 */
export function givenRequestId(headers: RawHeaders): string | undefined {
  const id = firstHeader(headers, "x-request-id");
  return id !== undefined && printable.test(id) ? id : undefined;
}
