import { readFileSync } from "node:fs";

/** The files that the program reads of itself. */
export const packagedFileNames = ["package.json", "docs/behaviour/openapi.yaml"] as const;
type PackagedFileName = (typeof packagedFileNames)[number];

/** Put in by the build, which makes one file of everything; not there when the sources run. */
declare const packagedFiles: Readonly<Record<PackagedFileName, string>> | undefined;

/** The text of a file that comes with the program: from inside it when it was built, else from beside its sources. */
export function readPackagedFile(name: PackagedFileName): string {
  if (typeof packagedFiles !== "undefined") return packagedFiles[name];
  return readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
}
