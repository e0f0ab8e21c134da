/**
 * Starts a compute on the stand-in several times and writes the waterfall of the median start into docs/how-it-works.md:
 * `npm run start-waterfall [-- COMMAND]`, where COMMAND is the program to run, `dist/compute_ctl` unless given.
 */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Log } from "../src/base/log.ts";
import type { ComputeApi } from "../src/standin/demo/compute-api.ts";
import { runCompute } from "./run-compute.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const complain = (message: string): void => void process.stderr.write(`${message}\n`);
const log: Log = { debug: () => {}, info: complain, warn: complain, error: complain, span: () => log };
/** Odd, so that one of them is the median. */
const startCount = 7;
const marks = ["<!-- waterfall -->", "<!-- /waterfall -->"] as const;

const command = resolve(process.argv[2] ?? join(root, "dist/compute_ctl"));

interface Start {
  /** As `compute_ctl status` draws its phases. */
  readonly waterfall: string;
  /** From the start of the process to the end of the last phase. */
  readonly totalMs: number;
}

async function readStart({ url, token }: ComputeApi): Promise<Start> {
  const { stdout } = await run(command, ["status", "--url", url], { env: { COMPUTE_CTL_TOKEN: token } });
  const waterfall = stdout.slice(stdout.indexOf("\nphase ")).trim();
  const ends = Array.from(
    waterfall.matchAll(/^\S+ +([\d.]+) +([\d.]+) /gm),
    ([, at, took]) => Number(at) + Number(took),
  );
  return { waterfall, totalMs: Math.max(...ends) };
}

// The first one warms the files and the stand-in up.
const [, ...starts] = await runCompute([command], startCount + 1, log, readStart);
const sorted = starts.toSorted((one, other) => one.totalMs - other.totalMs);
const waterfall = sorted[Math.floor(startCount / 2)]?.waterfall ?? "";
const file = join(root, "docs/how-it-works.md");
const text = await readFile(file, "utf8");
const [begin, end] = marks.map((mark) => text.indexOf(mark));
if (begin === undefined || end === undefined || begin < 0 || end < begin) throw new Error(`${file} lacks the marks`);
const block = `${marks[0]}\n\`\`\`text\n${waterfall}\n\`\`\`\n`;
await writeFile(file, `${text.slice(0, begin)}${block}${text.slice(end)}`);
