import { readFileSync } from "node:fs";

/** The text of `--version`. */
export function versionText(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return `compute_ctl ${version}\n`;
}
