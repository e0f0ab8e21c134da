import { randomUUID } from "node:crypto";
import { run } from "node:test";
import { inspect } from "node:util";
import { endStrayProcesses } from "./stray-processes.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";
import type { TestRun } from "./test-runs.ts";

/** A test and what is to be said about it. */
export interface Remark {
  readonly test: string;
  readonly text: string;
}

/** How the tests of one file ended. */
export interface FileResult {
  /** How reports call the run of the file. */
  readonly label: string;
  readonly passed: number;
  readonly failures: readonly Remark[];
  readonly skips: readonly Remark[];
  /** What the file's process wrote, both streams mixed as they came. */
  readonly output: string;
}

/**
 * Runs one test file in a process of its own, which is ended after `limitMs` or when `interrupted` fires. A file without
 * tests has failed, and so has one that leaves processes or files behind; both are taken away.
 */
export async function runTestFile(
  root: string,
  { file, label, env }: TestRun,
  limitMs: number,
  interrupted: AbortSignal,
): Promise<FileResult> {
  const failures: Remark[] = [];
  const skips: Remark[] = [];
  let passed = 0;
  let output = "";
  const runId = randomUUID();
  const temporary = await makeTemporaryFolder();
  const stream = run({
    files: [file],
    cwd: root,
    // A little less than the file has, so that a test that hangs is reported by its name.
    timeout: Math.floor(limitMs * 0.9),
    signal: AbortSignal.any([interrupted, AbortSignal.timeout(limitMs)]),
    env: { ...process.env, ...env, COMPUTE_CTL_TEST_RUN: runId, TMPDIR: temporary.path },
  });
  stream.on("test:pass", ({ name, skip, todo, details }) => {
    const reason = skip ?? todo;
    if (reason !== undefined && reason !== false) skips.push({ test: name, text: String(reason) });
    // Node reports the file itself as passed when nothing in it was a test.
    else if (name === file) failures.push({ test: "(whole file)", text: "it has no tests" });
    else if (details.type !== "suite") passed += 1;
  });
  stream.on("test:fail", ({ name, details }) => {
    if (isOnlyOfChildren(details.error)) return;
    failures.push({ test: name === file ? "(whole file)" : name, text: describeFailure(details.error) });
  });
  stream.on("test:stdout", ({ message }) => {
    output += message;
  });
  stream.on("test:stderr", ({ message }) => {
    output += message;
  });
  stream.on("test:diagnostic", (diagnostic) => {
    if (diagnostic.file !== undefined) output += `${diagnostic.message}\n`;
  });
  stream.resume();
  await new Promise((resolve) => stream.once("end", resolve));
  for (const command of await endStrayProcesses(`COMPUTE_CTL_TEST_RUN=${runId}`)) {
    failures.push({ test: "(whole file)", text: `it left a process running: ${command}` });
  }
  const left = await temporary.remove();
  // One that failed may not have got to its end.
  if (left.length > 0 && failures.length === 0) {
    failures.push({ test: "(whole file)", text: `it left in the folder for temporary files: ${left.join(", ")}` });
  }
  return { label, passed, failures, skips, output };
}

/** Whether a suite or parent test failed for no other reason than its children, which speak for themselves. */
function isOnlyOfChildren(error: Error): boolean {
  return "failureType" in error && error.failureType === "subtestsFailed";
}

function describeFailure(error: Error): string {
  if (error.name === "TimeoutError") return "the file took too long and was ended; does something keep it alive?";
  return inspect(error.cause instanceof Error ? error.cause : error, { depth: 8 });
}
