/**
 * Headers as they came: names and values in turn. The joined form that Node also offers cannot tell the first of
 * several `x-request-id` from the rest.
 */
export type RawHeaders = readonly string[];

/** The first value of a header; `name` in lower case. */
export function firstHeader(headers: RawHeaders, name: string): string | undefined {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}

/** All values of a header, in their order; `name` in lower case. */
export function allHeaders(headers: RawHeaders, name: string): readonly string[] {
  return headers.filter((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name);
}
