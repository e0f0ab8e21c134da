/** One customer's storage: 32 lower-case hex digits. */
export type TenantId = string & { readonly brand: "tenant" };
/** One branch of a tenant: 32 lower-case hex digits. */
export type TimelineId = string & { readonly brand: "timeline" };

/**
 * What is wrong with the text of a tenant or timeline id, in the words of SPEC-17's table; undefined when it is one.
 * An odd length is looked at before the length, the length before the characters.
 */
export function hexIdProblem(text: string): string | undefined {
  if (text.length % 2 === 1) return "Odd number of digits";
  if (text.length !== 32) return "Invalid string length";
  const position = text.search(/[^0-9a-f]/i);
  return position < 0 ? undefined : `Invalid character '${text.charAt(position)}' at position ${position}`;
}

/** The tenant id in `text`, lower-cased, or undefined when it is none. */
export function parseTenantId(text: string): TenantId | undefined {
  return hexIdProblem(text) === undefined ? (text.toLowerCase() as TenantId) : undefined;
}

/** The timeline id in `text`, lower-cased, or undefined when it is none. */
export function parseTimelineId(text: string): TimelineId | undefined {
  return hexIdProblem(text) === undefined ? (text.toLowerCase() as TimelineId) : undefined;
}
