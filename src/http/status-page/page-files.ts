import { readPackagedFile } from "../../base/packaged-file.ts";
import { type Answer, empty } from "../answer.ts";

const folder = "src/http/status-page/files";

/** The files of the page, by the name in their path, and their types. */
const types = {
  "index.html": "text/html; charset=utf-8",
  "style.css": "text/css; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "connection.js": "text/javascript; charset=utf-8",
  "cards.js": "text/javascript; charset=utf-8",
  "more-cards.js": "text/javascript; charset=utf-8",
  "waterfall.js": "text/javascript; charset=utf-8",
  "log.js": "text/javascript; charset=utf-8",
  "dom.js": "text/javascript; charset=utf-8",
  "format.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
} as const;

export type PageFileName = keyof typeof types;

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
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/** One of the page's files; 404 for any other name. */
export function answerFile(name: string): Answer {
  const known = Object.keys(types).find((each): each is PageFileName => each === name);
  if (known === undefined) return empty(404);
  return {
    status: 200,
    headers: pageHeaders,
    content: { type: types[known], text: readPackagedFile(`${folder}/${known}`) },
  };
}
