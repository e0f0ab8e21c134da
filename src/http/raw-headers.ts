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
