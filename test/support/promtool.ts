import { spawnSync } from "node:child_process";

const runMsMax = 60_000;

/** Why tests of promtool cannot run here; false when they can. */
export const promtoolMissing: string | false =
  spawnSync("promtool", ["--version"]).status === 0 ? false : "promtool (of Debian's prometheus) is not installed";

/** What a run of promtool came to. */
export interface PromtoolRun {
  readonly code: number | null;
  readonly output: string;
}

/** Runs promtool to its end. */
export function promtool(args: readonly string[], input = "", cwd?: string): PromtoolRun {
  const { status, stdout, stderr } = spawnSync("promtool", args, { input, cwd, timeout: runMsMax, encoding: "utf8" });
  return { code: status, output: `${stdout}${stderr}` };
}

/**
 * What `promtool check metrics` has against a scrape, one complaint per line; parse errors among them.
 * Names that the original fixed and the linter dislikes are not complained about: their abbreviated unit cannot be helped.
 */
export function metricsComplaints(scrape: string): readonly string[] {
  const { output } = promtool(["check", "metrics"], scrape);
  return output.split("\n").filter((line) => line !== "" && !fixedByTheOriginal.includes(line));
}

const fixedByTheOriginal: readonly string[] = [
  "compute_pg_current_downtime_ms metric names should not contain abbreviated units",
  "compute_pg_downtime_ms_total metric names should not contain abbreviated units",
];
