/**
 * Runs the tests: `node test/run.ts [unit|pg|e2e|all]`. Says what failed or was skipped and why, one line per group, and
 * at the very end `N passed, N failed, N skipped`. Exits with 1 when anything failed, 2 on a wrong argument, 130 when it
 * was interrupted.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type Counts, countResults, describeFile, formatCounts } from "./support/group-report.ts";
import { chosenMajors } from "./support/postgres-majors.ts";
import { type FileResult, runTestFile } from "./support/run-test-file.ts";
import { removeAbandonedSegments } from "./support/shared-memory.ts";
import { findTestFiles, type TestGroup, testGroups } from "./support/test-files.ts";
import { testRuns } from "./support/test-runs.ts";

interface GroupLimits {
  /** How many files run at a time. */
  readonly atOnce: number;
  /** After how many milliseconds a file that has not ended is ended. */
  readonly fileMsMax: number;
}

const limits: Readonly<Record<TestGroup, GroupLimits>> = {
  unit: { atOnce: availableParallelism(), fileMsMax: 120_000 },
  pg: { atOnce: 2, fileMsMax: 120_000 },
  // One at a time: these measure waits and need the machine's ports and processors for themselves.
  e2e: { atOnce: 1, fileMsMax: 300_000 },
};

const root = fileURLToPath(new URL("..", import.meta.url));

async function runGroup(group: TestGroup, interrupted: AbortSignal): Promise<Counts> {
  const { atOnce, fileMsMax } = limits[group];
  const runs = testRuns(root, findTestFiles(root, group), chosenMajors(process.env["TEST_POSTGRES"]));
  const startedAt = performance.now();
  const waiting = runs.values();
  const results: FileResult[] = [];
  const work = async (): Promise<void> => {
    for (const run of waiting) {
      if (interrupted.aborted) return;
      const result = await runTestFile(root, run, fileMsMax, interrupted);
      results.push(result);
      process.stdout.write(describeFile(result));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const counts = countResults(results);
  const took = `${Math.round(performance.now() - startedAt)} ms`;
  process.stdout.write(`${group}: ${runs.length} runs of files in ${took}: ${formatCounts(counts)}\n`);
  return counts;
}

function chosenGroups(args: readonly string[]): readonly TestGroup[] | undefined {
  const [choice = "all", ...others] = args;
  if (others.length > 0) return undefined;
  const chosen = testGroups.filter((group) => choice === "all" || choice === group);
  return chosen.length === 0 ? undefined : chosen;
}

async function main(args: readonly string[]): Promise<number> {
  const groups = chosenGroups(args);
  if (groups === undefined) {
    process.stderr.write("usage: node test/run.ts [unit|pg|e2e|all]\n");
    return 2;
  }
  const interrupt = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(name, () => interrupt.abort(new Error(`interrupted by ${name}`)));
  }
  const startedAt = Date.now();
  let total: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const group of groups) {
    const counts = await runGroup(group, interrupt.signal);
    total = {
      passed: total.passed + counts.passed,
      failed: total.failed + counts.failed,
      skipped: total.skipped + counts.skipped,
    };
  }
  removeAbandonedSegments(startedAt);
  process.stdout.write(`${formatCounts(total)}\n`);
  if (interrupt.signal.aborted) return 130;
  return total.failed > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
