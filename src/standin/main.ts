/*
 * `npm start`: a stand-in for Neon's storage and a compute on it, until Ctrl-C. For development only.
 * Reading order: this file, demo/config.ts, demo/compute.ts, storage.ts.
 */
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeError } from "../base/error-chain.ts";
import type { Log } from "../base/log.ts";
import { withScope } from "../base/scope.ts";
import { startCompute } from "./demo/compute.ts";
import { type ComputeApi, watchStart } from "./demo/compute-api.ts";
import { connectionUrl, databasesOf } from "./demo/config.ts";
import { type DemoOptions, parseDemoOptions, usage } from "./demo/options.ts";
import { type Ports, prepareCompute, readExample } from "./demo/prepare-compute.ts";
import type { StartFigure } from "./demo/start-figures.ts";
import { startStorage } from "./storage.ts";

const computeCtl = join(import.meta.dirname, "../../bin/compute_ctl");
const nameColumns = 32;
const figureNames: Readonly<Record<StartFigure, string>> = {
  sync_sk_check_ms: "safekeeper quorum",
  basebackup_ms: "base backup",
  start_postgres_ms: "Postgres ready",
  config_ms: "roles and databases",
};

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const printPhase = (name: string, ms: number, note = ""): void => {
  print(`  ${name.padEnd(nameColumns)} ${String(Math.round(ms)).padStart(6)} ms${note === "" ? "" : `   ${note}`}`);
};
const complain = (message: string): void => void process.stderr.write(`${message}\n`);
const log: Log = { debug: () => {}, info: print, warn: complain, error: complain, span: () => log };

async function runDemo(options: DemoOptions, stop: AbortSignal): Promise<number> {
  return withScope(log, async (onExit) => {
    const folder = await mkdtemp(join(tmpdir(), "compute-demo-"));
    onExit("remove the temporary folder", () =>
      options.keep ? print(`Kept ${folder}`) : rm(folder, { recursive: true, force: true }),
    );
    await chmod(folder, 0o755);
    print(
      `A compute on stock Postgres ${options.postgres}, with a stand-in for Neon's storage (for development only)\n`,
    );

    const storageBegan = performance.now();
    const storage = await startStorage({ major: options.postgres, workdir: folder, tokens: true, safekeepers: 3 });
    onExit("close the stand-in storage", storage.close);
    printPhase("storage: base image, 4 servers", performance.now() - storageBegan, storage.pageserverUrl);
    stop.throwIfAborted();

    const { ports, api, args } = await prepareCompute(storage, folder);
    const logFile = join(folder, "compute.log");
    const pgdata = join(folder, "pgdata");
    const { verbose } = options;
    const compute = startCompute({ command: computeCtl, args, pgdata, logFile, verbose, show: complain });
    onExit("stop the compute", compute.stop);
    const gone = new AbortController();
    void compute.ended.then((how) => {
      gone.abort(new Error(`the compute ended: ${how}. The end of its log:\n${compute.lastLines().join("\n")}`));
    });
    const over = AbortSignal.any([stop, gone.signal]);
    await reportStart(api, over);
    await printAddresses(ports, api, logFile);
    if (!over.aborted) await once(over, "abort");
    gone.signal.throwIfAborted();
    return 0;
  });
}

/** Waits until the compute runs, and prints what it does meanwhile. */
async function reportStart(api: ComputeApi, over: AbortSignal): Promise<void> {
  for await (const event of watchStart(api, over)) {
    switch (event.kind) {
      case "first-answer":
        printPhase("compute: first HTTP answer", event.ms, "since its start");
        break;
      case "figure": {
        const note = event.figure === "basebackup_ms" ? `${event.basebackupBytes} bytes` : "";
        printPhase(`compute: ${figureNames[event.figure]}`, event.value, note);
        break;
      }
      case "running":
        printPhase("compute: running", event.ms, "since its start");
    }
  }
}

async function printAddresses(ports: Ports, api: ComputeApi, logFile: string): Promise<void> {
  print("\nConnect with any client:");
  for (const database of databasesOf(await readExample())) print(`  psql ${connectionUrl(database, ports.postgres)}`);
  print("\nAsk the HTTP API:");
  print(`  curl http://127.0.0.1:${ports.external}/metrics`);
  print(`  curl -H 'Authorization: Bearer ${api.token}' ${api.url}/status`);
  print(`  internal API: http://127.0.0.1:${ports.internal}`);
  print(`\nSee how it is: http://127.0.0.1:${ports.internal}/ui`);
  print(`\nIts log: ${logFile}\nCtrl-C stops everything.`);
}

/** Aborts at the first signal that asks to stop; npm and the terminal may both send one, so more of them change nothing. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Error("stopped"));
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);
  // Whoever read our output is gone, as in `npm start | head`.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", stop);
  return controller.signal;
}

async function main(): Promise<number> {
  const options = parseDemoOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const stop = stopSignal();
  try {
    return await runDemo(options, stop);
  } catch (error) {
    if (stop.aborted) return 0;
    throw error;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  complain(`Error: ${describeError(error)}`);
  process.exitCode = 1;
}
