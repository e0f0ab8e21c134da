/*
 * `npm run bench`: what compute_ctl takes, against what nobody could do without, in turns.
 * Reading order: this file, measures.ts, groups.ts, then the group of interest and what it calls.
 */
import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describeError } from "../../src/base/error-chain.ts";
import { withScope } from "../../src/base/scope.ts";
import { makeBaseImage } from "../../src/standin/base-image.ts";
import { adaptConfig } from "../../src/standin/demo/config.ts";
import { pickPort } from "../../src/standin/demo/ports.ts";
import { createTokenAuthority } from "../../src/standin/token.ts";
import { exampleFile, preferredPorts, root, type World } from "./bench-world.ts";
import { benchGroups } from "./groups.ts";
import { log } from "./log.ts";
import { describeMachine, requireSpace } from "./machine-facts.ts";
import type { BenchGroup, Measure, Measurements } from "./measures.ts";
import { type BenchOptions, parseBenchOptions, usage } from "./options.ts";
import { startStorageHost } from "./storage-host.ts";
import { markdownTable, type Samples } from "./table.ts";

async function bench(options: BenchOptions, args: readonly string[], signal: AbortSignal): Promise<string> {
  return withScope(log, async (onExit) => {
    const parent = process.env["TMPDIR"] ?? "/var/tmp";
    await requireSpace(parent, options.runs + 1);
    const folder = await mkdtemp(join(parent, "compute-bench-"));
    onExit("remove the temporary folder", () => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o755);
    const storage = await startStorageHost({ major: options.postgres, workdir: folder });
    onExit("close the stand-in storage", storage.close);
    signal.throwIfAborted();
    const { gzip } = await makeBaseImage({
      major: options.postgres,
      workdir: folder,
      postgres: storage.facts.postgres,
    });
    const archiveFile = join(folder, "archive.tar.gz");
    await writeFile(archiveFile, gzip);
    const authority = await createTokenAuthority();
    const postgresPort = await pickPort(preferredPorts.postgres);
    const example: unknown = JSON.parse(await readFile(exampleFile, "utf8"));
    const { jwks } = authority;
    const world: World = {
      folder,
      archiveFile,
      storage: storage.facts,
      config: JSON.stringify(adaptConfig(example, { ...storage.facts, postgresPort, jwks })),
      postgresPort,
      jwks,
      token: await authority.issue({ scope: "compute_ctl:admin", aud: ["compute"] }),
      computeCtl: await buildProgram(folder, signal),
      signal,
    };
    const machine = await describeMachine(world, gzip.length);
    const groups = benchGroups.filter(({ name }) => options.groups.includes(name));
    const samples = await measureRounds(world, groups, options.runs);
    const command = ["npm run bench --", ...args].join(" ").replace(/ --$/, "");
    if (options.json) return `${JSON.stringify({ command, machine, samples: Object.fromEntries(samples) }, null, 2)}\n`;
    const about = `\`${command}\`: ${options.runs} runs after one to warm up; ${machine.join(", ")}.`;
    return `${about}\n\n${markdownTable(groups, samples)}`;
  });
}

/** What is measured is what is shipped: the executable. */
async function buildProgram(folder: string, signal: AbortSignal): Promise<string> {
  process.stderr.write("building the executable\n");
  const out = join(folder, "dist");
  await promisify(execFile)(process.execPath, [join(root, "scripts/build.ts"), "--out", out], { signal });
  return join(out, "compute_ctl");
}

/** Each round measures everything once, floors and program in turns; the first round is not counted. */
async function measureRounds(world: World, groups: readonly BenchGroup[], runs: number): Promise<Samples> {
  const samples = new Map<Measure, number[]>();
  for (let round = 0; round <= runs; round += 1) {
    process.stderr.write(round === 0 ? "warming up\n" : `round ${round} of ${runs}\n`);
    for (const group of groups.filter(({ roundsMax }) => isDue(round, roundsMax))) {
      const measured = await group.measureRound(world);
      if (round > 0) keep(samples, measured);
    }
  }
  return samples;
}

function isDue(round: number, roundsMax: number | undefined): boolean {
  return roundsMax === undefined || (round > 0 && round <= roundsMax);
}

function keep(samples: Map<Measure, number[]>, measured: Measurements): void {
  for (const [name, value] of Object.entries(measured)) {
    if (isMeasure(name) && value !== undefined) samples.set(name, [...(samples.get(name) ?? []), value]);
  }
}

function isMeasure(name: string): name is Measure {
  return name.endsWith("Ms") || name.endsWith("Kib");
}

/** Aborts at the first signal that asks to stop; npm and the terminal may both send one, so more of them change nothing. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => controller.abort(new Error("stopped")));
  }
  return controller.signal;
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseBenchOptions(args);
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const signal = stopSignal();
  try {
    process.stdout.write(await bench(options, args, signal));
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    return 130;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  log.error(`Error: ${describeError(error)}`);
  process.exitCode = 1;
}
