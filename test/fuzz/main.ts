/**
 * Throws random and changed inputs at every decoder: `node test/fuzz/main.ts [--count N] [--seed S]`, a million unless
 * told otherwise. `--target NAME --case N` plays one case again and shows its input. Exits with 1 when a decoder crashed, hung,
 * or asked for too much memory, 2 on a wrong argument.
 */
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { playCase, type Violation } from "./fuzz.ts";
import { fuzzTargets } from "./targets.ts";
import type { FuzzOrder } from "./worker.ts";

const usage = "usage: npm run fuzz -- [--count N] [--seed S] [--target NAME --case N]\n";
const countUnlessGiven = 1_000_000;
const hangMs = 20_000;
const heapMiBMax = 512;
const violationsShown = 20;

type Report =
  | { readonly kind: "violation"; readonly violation: Violation }
  | { readonly kind: "done"; readonly target: string; readonly cases: number; readonly ms: number };

function describeViolation({ target, seed, number, what, input }: Violation): string {
  const shown = Buffer.from(input).subarray(0, 200).toString("hex");
  return `${target}: ${what}\n  input (${input.length} bytes): ${shown}\n  replay: npm run fuzz -- --seed ${seed} --target ${JSON.stringify(target)} --case ${number}\n`;
}

async function replay(seed: number, name: string, number: number): Promise<number> {
  const target = fuzzTargets.find((each) => each.name === name);
  if (target === undefined) {
    process.stderr.write(`no target ${name}; there are:\n${fuzzTargets.map((each) => `  ${each.name}\n`).join("")}`);
    return 2;
  }
  const violation = await playCase(target, seed, number);
  process.stdout.write(violation === undefined ? "all is well\n" : describeViolation(violation));
  return violation === undefined ? 0 : 1;
}

/** Plays all cases in a thread that can be ended when it hangs. */
function fuzz(seed: number, count: number): Promise<number> {
  const note = new Int32Array(new SharedArrayBuffer(8));
  const order: FuzzOrder = { seed, count, note };
  const worker = new Worker(new URL("worker.ts", import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: heapMiBMax },
  });
  const startedMs = performance.now();
  const played = { cases: 0, violations: 0 };
  const place = (): string => `${fuzzTargets[Atomics.load(note, 0)]?.name}, case ${Atomics.load(note, 1)}`;
  return new Promise((resolve) => {
    let last = { place: "", sinceMs: 0 };
    const watch = setInterval(() => {
      const now = performance.now();
      if (place() !== last.place) last = { place: place(), sinceMs: now };
      if (now - last.sinceMs < hangMs) return;
      process.stdout.write(`${last.place}: hangs (seed ${seed})\n`);
      played.violations += 1;
      void worker.terminate();
    }, 1_000);
    worker.on("message", (report: Report) => {
      if (report.kind === "done") {
        played.cases += report.cases;
        const rate = Math.round((report.cases / report.ms) * 1000);
        process.stdout.write(`${report.target}: ${report.cases} cases, ${rate} a second\n`);
        return;
      }
      played.violations += 1;
      if (played.violations <= violationsShown) process.stdout.write(describeViolation(report.violation));
    });
    worker.on("error", (error: Error) => {
      played.violations += 1;
      process.stdout.write(`${place()}: ended the thread (seed ${seed}): ${error.message}\n`);
    });
    worker.on("exit", () => {
      clearInterval(watch);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
      process.stdout.write(
        `${played.cases} cases of ${fuzzTargets.length} decoders in ${seconds} s, seed ${seed}: ${played.violations} violations\n`,
      );
      resolve(played.violations === 0 ? 0 : 1);
    });
  });
}

function wholeNumber(text: string | undefined, byDefault: number): number {
  const value = Number(text ?? byDefault);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${text} is not a whole number`);
  return value;
}

async function main(args: readonly string[]): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { count: text, seed: text, target: text, case: text } });
  const seed = wholeNumber(values.seed, 1);
  if (values.target !== undefined) return replay(seed, values.target, wholeNumber(values.case, 0));
  return fuzz(seed, Math.max(1, wholeNumber(values.count, countUnlessGiven)));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}`);
  process.exitCode = 2;
}
