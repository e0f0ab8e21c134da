import { sleep, unlessAborted } from "../base/deadline.ts";
import { describeError, describeErrorForStatus } from "../base/error-chain.ts";
import type { Lsn } from "../base/lsn.ts";
import { deriveSpec } from "../spec/derive.ts";
import type { Config, DerivedSpec } from "../spec/types.ts";
import type { ComputeControl, ConfigureOutcome, TerminateMode, TerminateOutcome } from "./control.ts";
import type { ComputePorts, ComputeSettings, PostgresExit, PostgresProcess } from "./ports.ts";
import { fixedPartProblems, reconfigureCompute } from "./reconfigure.ts";
import { startCompute } from "./start.ts";
import type { ComputeStore } from "./store.ts";

/** How long a stopped Postgres may take for its shutdown checkpoint before it is told more firmly (T-7). */
const fastShutdownMsMax = 60_000;
/** The same when a signal ends the process: a supervisor's patience is about 10 s (LIFE-36). */
const signalShutdownMsMax = 8_000;
/** How long the final sync may take when nobody waits for its LSN (T-3). */
const crashSyncMsMax = 60_000;
/** How long an empty compute still answers after `/terminate` (HTTP-49). */
const emptyLingerMs = 5_000;

/** A compute from its first moment to its exit code. */
export interface Compute {
  readonly control: ComputeControl;
  /** Lives the life: waits for a spec, starts, runs until Postgres ends. Resolves to the process's exit code. */
  run(): Promise<number>;
  /** Ends the life because of a signal; {@link run} then resolves to 1 soon (LIFE-36). */
  interrupt(reason: Error): void;
  /** The last resort of a second signal: Postgres is told to quit, without waiting. */
  abandon(): void;
}

/** Makes a compute; with a spec it is in status `init` from the start, so that nobody ever sees `empty` (LIFE-5). */
export function createCompute(
  ports: ComputePorts,
  settings: ComputeSettings,
  store: ComputeStore,
  initialSpec: DerivedSpec | null,
): Compute {
  const { log, clock } = ports;
  const interruption = new AbortController();
  const signal = interruption.signal;
  const firstSpec = Promise.withResolvers<DerivedSpec | "terminated-empty">();
  const startOutcome = Promise.withResolvers<ConfigureOutcome>();
  const terminateOutcome = Promise.withResolvers<TerminateOutcome>();
  let postgres: PostgresProcess | undefined;

  if (initialSpec !== null && store.dispatch("spec-known", { spec: initialSpec })) firstSpec.resolve(initialSpec);

  async function run(): Promise<number> {
    try {
      const spec = await unlessAborted(firstSpec.promise, signal);
      if (spec === "terminated-empty") {
        await sleep(emptyLingerMs, signal);
        return 0;
      }
      takeUp();
      return (await start(spec)) ? await serve() : await linger(settings.lingerMs.long, 1);
    } catch (error) {
      if (!signal.aborted) throw error;
      await postgres?.stop(signalShutdownMsMax);
      return 1;
    }
  }

  function takeUp(): void {
    if (initialSpec !== null) return;
    const now = clock.now();
    store.measure({ wait_for_spec_ms: clock.monotonicMs() });
    store.dispatch("start", { startTime: now });
  }

  /** True when the compute is running; a failure is on record in `/status` then, and Postgres is gone. */
  async function start(spec: DerivedSpec): Promise<boolean> {
    const began = initialSpec === null ? clock.monotonicMs() : 0;
    try {
      await startCompute(ports, settings, store, spec, (spawned) => (postgres = spawned), signal);
    } catch (error) {
      if (signal.aborted) throw error;
      log.error(`could not start the compute node: ${describeError(error)}`);
      const text = describeErrorForStatus(error);
      store.dispatch("start-failed", { error: text });
      startOutcome.resolve({ kind: "failed", error: text });
      await postgres?.quit();
      return false;
    }
    store.measure({ total_startup_ms: clock.monotonicMs() - began });
    store.dispatch("started");
    startOutcome.resolve({ kind: "running", view: store.view() });
    log.info("compute start finished", { ...store.get().metrics, postmaster_pid: postgres?.pid });
    return true;
  }

  /** Waits until Postgres ends, for whatever reason, and winds up (LIFE-34). */
  async function serve(): Promise<number> {
    if (postgres === undefined) throw new Error("a compute without Postgres cannot serve");
    const exit = await unlessAborted(postgres.exited, signal);
    postgres = undefined;
    log.info(`Postgres exited with code ${exit.text}, shutting down`);
    const fast = store.get().status === "termination_pending_fast";
    const synced = await finishWal();
    return linger(fast || !synced ? settings.lingerMs.long : settings.lingerMs.short, synced ? exitCode(exit) : 1);
  }

  /** Learns the last LSN and publishes it; false when the final sync failed (T-2). */
  async function finishWal(): Promise<boolean> {
    const { spec, status } = store.get();
    const awaited = status === "termination_pending_fast" || status === "termination_pending_immediate";
    let lsn: Lsn | null = null;
    try {
      if (spec?.spec.mode.kind === "primary") {
        const limited = awaited ? signal : AbortSignal.any([signal, AbortSignal.timeout(crashSyncMsMax)]);
        lsn = await ports.storage.finalLsn(spec, limited);
      }
    } catch (error) {
      signal.throwIfAborted();
      log.error(`could not sync the safekeepers after Postgres ended: ${describeError(error)}`);
      const text = describeErrorForStatus(error);
      store.dispatch("final-sync-failed", { error: text });
      terminateOutcome.resolve({ kind: "failed", error: text });
      return false;
    }
    store.dispatch("postgres-ended", { terminationLsn: lsn });
    terminateOutcome.resolve({ kind: "terminated", lsn });
    return true;
  }

  async function linger(ms: number, code: number): Promise<number> {
    if (ms > 1000) log.info(`serving HTTP for another ${Math.round(ms / 1000)} s, so that the outcome can be read`);
    await sleep(ms, signal);
    return code;
  }

  async function configure(config: Config): Promise<ConfigureOutcome> {
    if (config.spec === null)
      return { kind: "underivable", problems: [{ path: "spec", message: "a spec is required" }] };
    const derived = deriveSpec(config.spec);
    if (!derived.ok) return { kind: "underivable", problems: derived.refusal.problems };
    for (const warning of derived.warnings) log.warn(warning);
    const { status, spec: current } = store.get();
    if (status === "running" && current !== null) {
      const problems = fixedPartProblems(current, derived.value);
      if (problems.length > 0) return { kind: "underivable", problems };
    }
    if (!store.dispatch("configure", { spec: derived.value })) return { kind: "refused", status };
    if (status === "empty") {
      firstSpec.resolve(derived.value);
      return startOutcome.promise;
    }
    return reconfigure(derived.value);
  }

  async function reconfigure(spec: DerivedSpec): Promise<ConfigureOutcome> {
    store.dispatch("reconfigure");
    try {
      if (postgres === undefined) throw new Error("Postgres is not running any more");
      await reconfigureCompute(ports, settings, spec, postgres, signal);
    } catch (error) {
      log.error(`could not configure the compute node: ${describeError(error)}`);
      const text = describeErrorForStatus(error);
      store.dispatch("reconfigure-failed", { error: text });
      return { kind: "failed", error: text };
    }
    store.dispatch("reconfigured", { error: null });
    return { kind: "running", view: store.view() };
  }

  async function terminate(mode: TerminateMode): Promise<TerminateOutcome> {
    const { status, terminationLsn } = store.get();
    if (status === "terminated") return { kind: "already-terminated", lsn: terminationLsn };
    if (status === "empty") {
      firstSpec.resolve("terminated-empty");
      return { kind: "was-empty" };
    }
    if (!store.dispatch(mode === "fast" ? "terminate-fast" : "terminate-immediate")) return { kind: "refused", status };
    log.info("terminating: shutting Postgres down");
    await postgres?.stop(fastShutdownMsMax);
    return terminateOutcome.promise;
  }

  return {
    control: { status: store.view, startupMetrics: () => store.get().metrics, configure, terminate },
    run,
    interrupt: (reason) => interruption.abort(reason),
    abandon: () => void postgres?.quit(),
  };
}

function exitCode(exit: PostgresExit): number {
  return exit.code ?? 1;
}
