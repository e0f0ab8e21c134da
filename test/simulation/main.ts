/**
 * Plays elections and recoveries of the WAL under mishaps: `node test/simulation/main.ts [--seeds N] [--seed S]`. Each seed
 * is a schedule of its own; `--seed` alone replays one, with `--seeds` it is the first of many. Exits with 1 when something
 * happened that must never happen, 2 on a wrong argument.
 */
import { parseArgs } from "node:util";
import { runSeed } from "./run-seed.ts";

const usage = "usage: npm run simulate -- [--seeds N] [--seed S]\n";
const seedsUnlessGiven = 2000;

function main(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: { seeds: { type: "string" }, seed: { type: "string" } },
  });
  const first = Number(values.seed ?? 1);
  const count = Number(values.seeds ?? (values.seed === undefined ? seedsUnlessGiven : 1));
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || first < 0 || count < 1) {
    process.stderr.write(usage);
    return 2;
  }
  const startedAt = performance.now();
  const totals = { syncs: 0, finished: 0, committedBytes: 0, failing: 0 };
  for (let seed = first; seed < first + count; seed += 1) {
    const report = runSeed(seed);
    totals.syncs += report.syncs;
    totals.finished += report.finished;
    totals.committedBytes += report.committedBytes;
    if (report.violations.length === 0) continue;
    totals.failing += 1;
    process.stdout.write(`seed ${seed} (replay with --seed ${seed}):\n`);
    for (const violation of report.violations) process.stdout.write(`  ${violation}\n`);
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(
    `${count} seeds from ${first} in ${seconds} s: ${totals.syncs} syncs, ${totals.finished} finished, ` +
      `${totals.committedBytes} bytes committed; ${totals.failing} seeds with violations\n`,
  );
  return totals.failing === 0 ? 0 : 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}`);
  process.exitCode = 2;
}
