import { readFileSync } from "node:fs";

/** The files of the page and their types. */
export const pageFileTypes = {
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

export type PageFileName = keyof typeof pageFileTypes;

/** Where they lie, below the project's folder. */
export const pageFolder = "src/http/status-page/files";

/** Put in by the build, into the part of the program that is read late; not there when the sources run. */
declare const packagedPage: Readonly<Record<PageFileName, string>> | undefined;

/** The text of one of the page's files: from inside the program when it was built, else from beside its sources. */
export function readPageFile(name: PageFileName): string {
  if (typeof packagedPage !== "undefined") return packagedPage[name];
  return readFileSync(new URL(`files/${name}`, import.meta.url), "utf8");
}
