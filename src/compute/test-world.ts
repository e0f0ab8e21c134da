import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Log } from "../base/log.ts";
import { noMigrationYet } from "../catalog/migrations/state.ts";
import { decodeConfig } from "../spec/decode.ts";
import { deriveSpec } from "../spec/derive.ts";
import type { Config, DerivedSpec } from "../spec/types.ts";
import type { ActivityMonitor } from "./activity-monitor.ts";
import { nothingChecked } from "./activity-view.ts";
import type { TerminateOrder } from "./control.ts";
import type { ExtensionStatistics } from "./extension-statistics.ts";
import { type Compute, createCompute } from "./lifecycle.ts";
import type { ComputePorts, ComputeSettings, PostgresExit, PostgresProcess } from "./ports.ts";
import { createStore } from "./store.ts";
import { createTimelineRecorder } from "./timeline-recorder.ts";

const minimal = readFileSync(new URL("../../test/fixtures/minimal.config.json", import.meta.url), "utf8");

export function configWith(change: (spec: Record<string, unknown>) => void = () => {}): Config {
  const document = JSON.parse(minimal);
  change(document.spec);
  const decoded = decodeConfig(JSON.stringify(document), { source: "file", strict: true });
  assert.ok(decoded.ok);
  return decoded.value;
}

export function derived(config: Config): DerivedSpec {
  assert.ok(config.spec !== null);
  const result = deriveSpec(config.spec);
  assert.ok(result.ok);
  return result.value;
}

const settings: ComputeSettings = {
  pgdata: "/nowhere",
  privilegedRoleName: "neon_superuser",
  internalHttpPort: 3081,
  lakebasePort: null,
  connstrPort: 5432,
  driftCheckMs: null,
  startMsMax: null,
  tls: null,
  overcommitMemory: null,
  platform: "linux",
  holdConnections: false,
  lingerMs: { long: 20, short: 1 },
};

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, span: () => silent };

type Room =
  | "server"
  | "services"
  | "pgdata"
  | "storage"
  | "postgres"
  | "catalog"
  | "extensions"
  | "configSource"
  | "vmMonitor";
type Overrides = { readonly [K in Room]?: Partial<ComputePorts[K]> };

/** A world of doubles: every call is noted in `calls`, and `overrides` replaces what a test wants to go otherwise. */
export function world(overrides: Overrides = {}, changes: Partial<ComputeSettings> = {}) {
  const calls: string[] = [];
  let ids = 0;
  const exited = Promise.withResolvers<PostgresExit>();
  const end = (how: string) => async (): Promise<void> => {
    calls.push(how);
    exited.resolve({ code: 0, text: "exit status: 0" });
  };
  const postgres: PostgresProcess = {
    pid: 42,
    ready: Promise.resolve(),
    exited: exited.promise,
    reload: async () => void calls.push("reload"),
    stop: end("stop"),
    quit: end("quit"),
  };
  const note = (call: string) => async (): Promise<void> => {
    calls.push(call);
  };
  const doubles: ComputePorts = {
    log: silent,
    clock: { now: () => new Date(0), monotonicMs: () => 0 },
    server: { major: 17, hasLibrary: () => true, ...overrides.server },
    pgdata: {
      recreate: note("recreate"),
      writeConf: async (_text, accept) => {
        await accept();
        calls.push("conf");
        return true;
      },
      copyTlsFiles: async () => {
        calls.push("tls");
        return true;
      },
      hasNewTlsFiles: async () => true,
      watchTlsFiles: async () => {},
      finish: note("finish"),
      holdConnections: note("hold connections"),
      releaseConnections: note("release connections"),
      writeOverride: async (text) => void calls.push(`override '${text}'`),
      ...overrides.pgdata,
    },
    storage: {
      checkSafekeepers: async () => 0x16b3748n,
      syncSafekeepers: async () => ({ lsn: 0x17n, syncMs: 4 }),
      leaseLsn: async () => ({ kind: "granted", expiresMs: 600_000 }),
      finalLsn: async () => ({ lsn: 0x16b3750n, syncMs: null }),
      beginBasebackup: () => ({
        fetch: async (lsn) => {
          calls.push(`basebackup ${lsn.toString(16)}`);
          return { connectMicros: 1.5, basebackupMs: 2.5, bytes: 3 };
        },
        close() {},
      }),
      ...overrides.storage,
    },
    postgres: {
      checkConf: async () => {},
      start: async () => {
        calls.push("postgres");
        return postgres;
      },
      warmSession() {},
      warmUp: async () => {},
      reportCores: async () => {},
      checkAlive: async () => {},
      ...overrides.postgres,
    },
    catalog: {
      apply: note("catalog"),
      migrate: note("migrate"),
      migrations: () => noMigrationYet,
      plan: async () => ({ changes: false, phases: [], warnings: [] }),
      checkDrift: note("drift"),
      drift: () => null,
      updateNeonExtension: note("update neon"),
      ...overrides.catalog,
    },
    vmMonitor: { run: async () => {}, view: () => null, ...overrides.vmMonitor },
    services: {
      prepareHost: async () => {},
      configure: async () => {},
      confirmLocalProxy: note("local_proxy"),
      stop: note("stop services"),
      view: () => [],
      ...overrides.services,
    },
    extensions: { expectedLibraries: () => new Set(), prepare: async () => undefined, ...overrides.extensions },
    configSource: { load: async () => configWith(), ...overrides.configSource },
    newId: () => `operation ${ids++}`,
    leaseChanged() {},
    traceStart() {},
  };
  const statistics: ExtensionStatistics = { setInterval() {}, collectOnce: async () => {}, run: async () => {} };
  const statuses: string[] = [];
  const timeline = createTimelineRecorder(doubles.clock);
  const watchActivity = async (_rules: unknown, signal: AbortSignal): Promise<void> => {
    calls.push("watch activity");
    signal.addEventListener("abort", () => calls.push("activity ends"));
  };
  const activity: ActivityMonitor = { view: () => nothingChecked, run: watchActivity };
  const store = createStore(new Date(0), (_before, after) => {
    statuses.push(after);
    timeline.changed(after);
  });
  const make = (spec: DerivedSpec | null): Compute =>
    createCompute(
      { ports: doubles, settings: { ...settings, ...changes }, store, timeline, statistics, activity },
      spec,
    );
  return { calls, statuses, store, make, exit: exited.resolve, postgres };
}

export function plainly(mode: "fast" | "immediate"): TerminateOrder {
  return { mode, force: false, join: false };
}

/** Work that only ends when it is cancelled. */
export function endless(_spec: DerivedSpec, signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

export async function running(overrides: Overrides = {}, changes: Partial<ComputeSettings> = {}) {
  const made = world(overrides, changes);
  const compute = made.make(derived(configWith()));
  const code = compute.run();
  await until(() => made.statuses.includes("running"));
  const end = async (): Promise<void> => {
    made.exit({ code: 0, text: "exit status: 0" });
    await code;
  };
  return { ...made, compute, code, end };
}

/** A spec that wants something else than the one at start. */
export const renamed = configWith((spec) => {
  spec["project_id"] = "renamed";
});

export const never = new AbortController().signal;
