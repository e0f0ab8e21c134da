import { isIP } from "node:net";
import { type Answer, failure } from "../answer.ts";
import { firstHeader, type RawHeaders } from "../raw-headers.ts";

/**
 * HTTP-86: why a request may not have the page or its data; undefined when it may. The page needs no token, so a web site must not get
 * at it through somebody's browser: neither by a name of its own that points to this machine, nor from within its own pages.
 * @param isPage a link to the page may stand anywhere
 */
export function refusalOf(headers: RawHeaders, isPage: boolean): Answer | undefined {
  const host = firstHeader(headers, "host");
  if (host !== undefined && !isAddress(host)) {
    return failure(403, "the status page is served under an address or localhost, not under another name");
  }
  const site = firstHeader(headers, "sec-fetch-site");
  const ofOthers = site === "cross-site" || site === "same-site";
  return ofOthers && !isPage ? failure(403, "the status page's data is for the status page alone") : undefined;
}

/** Whether a `Host` is a literal address or localhost, with or without port. */
function isAddress(host: string): boolean {
  const name = host.replace(/:\d*$/, "");
  if (name.toLowerCase() === "localhost") return true;
  return isIP(name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name) !== 0;
}
