import { sleep, unlessAborted } from "../base/deadline.ts";
import { describeError, describeErrorForStatus } from "../base/error-chain.ts";
import type { Lsn } from "../base/lsn.ts";
import type { DerivedSpec } from "../spec/types.ts";
import { afterStart } from "./after-start.ts";
import { appliesCatalog, holdsSubscribers } from "./apply-catalog.ts";
import type { ComputeControl } from "./control.ts";
import { watchDrift } from "./drift.ts";
import { createLife, type LifeParts } from "./life.ts";
import { takeOrders } from "./orders.ts";
import { keepTlsFresh } from "./renew-tls.ts";
import { startCompute } from "./start.ts";
import { isTerminating } from "./status.ts";

/** How long Postgres may take for its shutdown checkpoint when a signal ends the process: a supervisor waits about 10 s (LIFE-36). */
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
export function createCompute(parts: LifeParts, initialSpec: DerivedSpec | null): Compute {
  const { ports, settings, store, timeline, statistics } = parts;
  const { log, clock } = ports;
  const life = createLife(parts);
  const { operations, interruption, force, firstSpec, startOutcome, terminateOutcome } = life;
  const { signal } = interruption;
  const starting = AbortSignal.any([signal, force.signal]);
  let warming: Promise<void> = Promise.resolve();
  /** What goes on in the background while Postgres runs. */
  let following: Promise<void> = Promise.resolve();
  /** The lease of a static compute, from before its start to its end. */
  let leasing: Promise<void> = Promise.resolve();
  const over = new AbortController();

  if (initialSpec !== null && store.dispatch("spec-known", { spec: initialSpec })) firstSpec.resolve(initialSpec);

  async function run(): Promise<number> {
    try {
      return await live();
    } finally {
      over.abort(new Error("the compute has ended"));
      await Promise.all([warming, following, leasing]);
    }
  }

  async function live(): Promise<number> {
    try {
      const spec = await awaitSpec();
      if (spec === "terminated-empty") {
        await sleep(emptyLingerMs, signal);
        return 0;
      }
      if (initialSpec === null) {
        store.measure({ wait_for_spec_ms: clock.monotonicMs() });
        store.dispatch("start", { startTime: clock.now() });
      }
      // LSN-1: the first request goes out beside the base backup, and nothing waits for it.
      leasing = life.lease.keep(spec, AbortSignal.any([signal, over.signal]));
      return (await start(spec)) ? await serve() : await linger(settings.lingerMs.long, 1);
    } catch (error) {
      if (signal.aborted) await ports.services.stop();
      await life.postgres?.stop(signalShutdownMsMax);
      if (signal.aborted) return 1;
      if (!force.signal.aborted) throw error;
      endOfWal(null);
      await sleep(settings.lingerMs.short, signal).catch(() => {});
      return 1;
    }
  }

  /** Waits for the first spec, without limit (LIFE-6), and uses the time to warm up (LIFE-4); its clean-up holds nobody. */
  async function awaitSpec(): Promise<DerivedSpec | "terminated-empty"> {
    if (initialSpec !== null) return initialSpec;
    const arrived = new AbortController();
    warming = ports.postgres.warmUp(AbortSignal.any([signal, arrived.signal]));
    try {
      return await unlessAborted(firstSpec.promise, signal);
    } finally {
      arrived.abort(new Error("a spec arrived"));
    }
  }

  /** What goes on beside a Postgres that runs (LIFE-10, LIFE-24, VM-1); none of it holds or fails the start. */
  async function accompany(spec: DerivedSpec): Promise<void> {
    const running = AbortSignal.any([signal, over.signal]);
    const drift =
      settings.driftCheckMs === null
        ? Promise.resolve()
        : watchDrift(ports, settings.driftCheckMs, () => life.applied, running);
    const watching = life.activity.run(spec.spec, running);
    const scaling = ports.vmMonitor.run(spec, running);
    const renewing = keepTlsFresh(life, running);
    const rest = [drift, watching, scaling, renewing];
    await Promise.all([afterStart(ports, spec, running), collectStatistics(spec, running), ...rest]);
  }

  async function collectStatistics(spec: DerivedSpec, running: AbortSignal): Promise<void> {
    if (spec.spec.mode.kind === "primary") await statistics.collectOnce(running).catch(() => {});
    await statistics.run(running);
  }

  /** True when the compute is running; a failure is on record in `/status` then, and Postgres is gone. */
  async function start(spec: DerivedSpec): Promise<boolean> {
    const operation = operations.begin("start");
    const began = initialSpec === null ? clock.monotonicMs() : 0;
    if (appliesCatalog(spec)) statistics.setInterval(spec.spec.suspendTimeoutSeconds);
    life.noteFeatures(spec.spec);
    const late = new AbortController();
    const timer = settings.startMsMax === null ? undefined : setTimeout(() => tooLate(late), settings.startMsMax);
    try {
      const limited = AbortSignal.any([starting, late.signal]);
      await startCompute({ ports, settings, store, timeline, onSpawned: (it) => (life.postgres = it) }, spec, limited);
    } catch (error) {
      operation.fail(error);
      ports.traceStart(life.startTrace, error);
      const text = describeErrorForStatus(error);
      startOutcome.resolve({ kind: "failed", error: text });
      if (starting.aborted) throw error;
      log.error(`could not start the compute node: ${describeError(error)}`);
      store.dispatch("start-failed", { error: text });
      await life.postgres?.quit();
      return false;
    } finally {
      clearTimeout(timer);
    }
    life.applied = spec;
    life.subscribersHeld = holdsSubscribers(spec);
    store.measure({ total_startup_ms: clock.monotonicMs() - began });
    store.dispatch("started");
    operation.succeed();
    ports.traceStart(life.startTrace);
    startOutcome.resolve({ kind: "running", view: store.view() });
    following = accompany(spec);
    log.info("compute start finished", { ...store.get().metrics, postmaster_pid: life.postgres?.pid });
    return true;
  }

  /** LIFE-74: in lakebase mode a start that takes too long ends the process at once. */
  function tooLate(late: AbortController): void {
    const seconds = Math.round((settings.startMsMax ?? 0) / 1000);
    const error = new Error(`compute did not enter Running state in ${seconds} seconds, exiting`);
    log.error(error.message);
    late.abort(error);
    interrupt(error);
  }

  /** Waits until Postgres ends, for whatever reason, and winds up (LIFE-34). */
  async function serve(): Promise<number> {
    if (life.postgres === undefined) throw new Error("a compute without Postgres cannot serve");
    const exit = await unlessAborted(life.postgres.exited, signal);
    over.abort(new Error("Postgres has ended"));
    life.postgres = undefined;
    log.info(`Postgres exited with code ${exit.text}, shutting down`);
    const fast = store.get().status === "termination_pending_fast";
    const synced = await finishWal();
    await ports.postgres.reportCores();
    return linger(fast || !synced ? settings.lingerMs.long : settings.lingerMs.short, synced ? (exit.code ?? 1) : 1);
  }

  /** Learns the last LSN and publishes it; false when the final sync failed (T-2). */
  async function finishWal(): Promise<boolean> {
    const { spec, status } = store.get();
    const limited = isTerminating(status) ? signal : AbortSignal.any([signal, AbortSignal.timeout(crashSyncMsMax)]);
    try {
      endOfWal(spec?.spec.mode.kind === "primary" ? await finalLsn(spec, limited) : null);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      log.error(`could not sync the safekeepers after Postgres ended: ${describeError(error)}`);
      const text = describeErrorForStatus(error);
      store.dispatch("final-sync-failed", { error: text });
      terminateOutcome.resolve({ kind: "failed", error: text });
      return false;
    }
  }

  async function finalLsn(spec: DerivedSpec, limited: AbortSignal): Promise<Lsn | null> {
    const { lsn, syncMs } = await ports.storage.finalLsn(spec, limited);
    if (syncMs !== null) store.measure({ sync_safekeepers_ms: syncMs });
    return lsn;
  }

  function endOfWal(lsn: Lsn | null): void {
    store.dispatch("postgres-ended", { terminationLsn: lsn });
    terminateOutcome.resolve({ kind: "terminated", lsn });
  }

  async function linger(ms: number, code: number): Promise<number> {
    if (ms > 1000) log.info(`serving HTTP for another ${Math.round(ms / 1000)} s, so that the outcome can be read`);
    await sleep(ms, starting);
    return code;
  }

  function interrupt(reason: Error): void {
    interruption.abort(reason);
  }

  return {
    control: takeOrders(life),
    run,
    interrupt,
    abandon: () => void life.postgres?.quit(),
  };
}
