import type { Problem } from "../spec/types.ts";

/** A spec whose catalog cannot be made; no statement was sent. */
export class WantedCatalogError extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    const lines = problems.map(
      ({ path, message, hint }) => `${path}: ${message}${hint === undefined ? "" : ` (${hint})`}`,
    );
    super(`the spec's roles and databases cannot be applied: ${lines.join("; ")}`);
    this.name = "WantedCatalogError";
    this.problems = problems;
  }
}
