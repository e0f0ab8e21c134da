import type { FileResult } from "./run-test-file.ts";

/** How many tests ended how. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** How many lines of a failed file's own output are shown; the last ones tell most. */
const outputLinesMax = 200;

/** The sums over some files' results. */
export function countResults(results: readonly FileResult[]): Counts {
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failures }) => sum + failures.length, 0),
    skipped: results.reduce((sum, { skips }) => sum + skips.length, 0),
  };
}

/** The closing line of a run; other programs read it. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** What there is to say about one file: its failures with what it wrote, and its skips. Empty when all passed. */
export function describeFile({ label, failures, skips, output }: FileResult): string {
  const skipped = skips.map(
    ({ test, text }) => `skipped ${label} > ${test}: ${text === "true" ? "no reason given" : text}`,
  );
  const failed = failures.map(({ test, text }) => `FAILED ${label} > ${test}\n${indent(text)}`);
  const written = output.trimEnd().split("\n").slice(-outputLinesMax).join("\n");
  const heard = failures.length === 0 || written === "" ? [] : [`output of ${label}:\n${indent(written)}`];
  return [...skipped, ...failed, ...heard].map((text) => `${text}\n`).join("");
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "    ");
}
