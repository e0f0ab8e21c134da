const jsonType = /^application\/(?:[^\s;/]+\+)?json\s*(?:;|$)/i;

/** Whether a `Content-Type` promises JSON: `application/json` or `application/<x>+json`, parameters allowed (HTTP-20). */
export function isJsonContentType(value: string | undefined): boolean {
  return value !== undefined && jsonType.test(value);
}
