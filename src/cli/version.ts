import { readPackagedFile } from "../base/packaged-file.ts";

/** The text of `--version`. */
export function versionText(): string {
  const { version } = JSON.parse(readPackagedFile("package.json"));
  return `compute_ctl ${version}\n`;
}
