import { maskSecrets } from "../base/mask-secrets.ts";
import type { ConfProblem } from "./conf-verdict.ts";

const shownMax = 10;

/** Postgres does not accept what was to become its configuration; what it had stays in force (chapter 04 §14.1). */
export class ConfRefusedError extends Error {
  readonly code = "CONF_REFUSED";
  constructor(problems: readonly ConfProblem[]) {
    const shown = problems.slice(0, shownMax).map(describe);
    const more = problems.length > shownMax ? `; and ${problems.length - shownMax} more` : "";
    super(`Postgres does not accept its new settings, so the old ones stay in force: ${shown.join("; ")}${more}`);
    this.name = "ConfRefusedError";
  }
}

function describe({ line, message, hint }: ConfProblem): string {
  const place = line === null ? "" : `postgresql.conf line ${line}: `;
  return maskSecrets(`${place}${message}${hint === null ? "" : ` (${hint})`}`);
}
