import { type Answer, empty } from "../answer.ts";
import { type PageFileName, pageFileTypes, readPageFile } from "./packaged-page.ts";

/**
 * HTTP-85: nothing but the page's own files, styles and data; no scripts within the text, no frames, no forms, and nothing that a
 * script could make into markup.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** The headers of everything below `/ui`. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** One of the page's files; 404 for any other name. */
export function answerFile(name: string): Answer {
  const known = Object.keys(pageFileTypes).find((each): each is PageFileName => each === name);
  if (known === undefined) return empty(404);
  return {
    status: 200,
    headers: pageHeaders,
    content: { type: pageFileTypes[known], text: readPageFile(known) },
  };
}
