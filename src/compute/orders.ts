import { describeError, describeErrorForStatus } from "../base/error-chain.ts";
import type { TraceContext } from "../base/tracer.ts";
import { deriveSpec } from "../spec/derive.ts";
import type { Config, DerivedSpec } from "../spec/types.ts";
import type {
  ComputeControl,
  ConfigureOptions,
  ConfigureOutcome,
  PlanOutcome,
  RefreshOutcome,
  StatusView,
  TerminateOrder,
  TerminateOutcome,
} from "./control.ts";
import type { Life } from "./life.ts";
import type { OngoingOperation } from "./operations.ts";
import type { ComputeOverview } from "./overview.ts";
import { planCatalog } from "./plan-catalog.ts";
import type { PostgresProcess } from "./ports.ts";
import { fixedPartProblems, reconfigureCompute, restoreSettings, wantsTheSame } from "./reconfigure.ts";
import { refreshUntilDone } from "./refresh.ts";
import { type ComputeStatus, isTerminating } from "./status.ts";

/** How long a stopped Postgres may take for its shutdown checkpoint before it is told more firmly (T-7). */
const fastShutdownMsMax = 60_000;

/** The orders that reach a compute over HTTP, each refused or carried out as the status machine says. */
export function takeOrders(life: Life): ComputeControl {
  const { ports, settings, store, timeline, statistics, operations, interruption, force } = life;
  const { firstSpec, startOutcome, terminateOutcome } = life;
  const { log } = ports;
  const { signal } = interruption;
  let refreshing = false;
  /** The last spec that was in force as a whole. */
  let lastInForce: DerivedSpec | undefined;
  /** Told to end while empty, which leaves the status alone (HTTP-49); a spec comes too late then. */
  let endsEmpty = false;

  async function configure(
    config: Config,
    { wait, trace, warnings = [] }: ConfigureOptions,
  ): Promise<ConfigureOutcome> {
    if (config.spec === null)
      return { kind: "underivable", problems: [{ path: "spec", message: "a spec is required" }] };
    const derived = deriveSpec(config.spec);
    if (!derived.ok) return { kind: "underivable", problems: derived.refusal.problems };
    const { status } = store.get();
    const problems = life.applied === undefined ? [] : fixedPartProblems(life.applied, derived.value);
    if (status === "running" && problems.length > 0) return { kind: "underivable", problems };
    if (endsEmpty || !store.dispatch("configure", { spec: derived.value })) return { kind: "refused", status };
    for (const warning of [...warnings, ...derived.warnings]) log.warn(warning);
    const operation = operations.begin("configure");
    const outcome =
      status === "empty" ? firstStart(derived.value, operation, trace) : reconfigure(derived.value, operation);
    const record = operations.find(operation.id);
    return wait || record === undefined ? outcome : { kind: "accepted", operation: record };
  }

  async function firstStart(
    spec: DerivedSpec,
    operation: OngoingOperation,
    trace: TraceContext | undefined,
  ): Promise<ConfigureOutcome> {
    life.startTrace = trace;
    firstSpec.resolve(spec);
    const outcome = await startOutcome.promise;
    if (outcome.kind === "failed") operation.fail(outcome.error);
    else operation.succeed();
    return outcome;
  }

  async function reconfigure(spec: DerivedSpec, operation: OngoingOperation): Promise<ConfigureOutcome> {
    store.dispatch("reconfigure");
    try {
      if (life.applied !== undefined && wantsTheSame(life.applied, spec)) {
        log.info("the spec wants what is in force already: nothing to do");
      } else {
        await bringIntoForce(spec);
      }
    } catch (error) {
      operation.fail(error);
      const text = describeErrorForStatus(error);
      // A signal ends the process and leaves the status as it is.
      if (signal.aborted) return { kind: "failed", error: text };
      log.error(`could not configure the compute node: ${describeError(error)}`);
      store.dispatch("reconfigure-failed", {
        error: text,
        ...(lastInForce === undefined ? {} : { spec: lastInForce }),
      });
      return { kind: "failed", error: text };
    }
    store.dispatch("reconfigured", { error: null });
    operation.succeed();
    return { kind: "running", view: store.view() };
  }

  async function bringIntoForce(spec: DerivedSpec): Promise<void> {
    if (life.postgres === undefined) throw new Error("Postgres is not running any more");
    life.noteFeatures(spec.spec);
    // Until the new spec is in force as a whole, none is: half of it may be there when it fails (T-12).
    lastInForce = life.applied ?? lastInForce;
    life.applied = undefined;
    statistics.setInterval(spec.spec.suspendTimeoutSeconds);
    const { postgres, subscribersHeld: held } = life;
    let written = false;
    const onWritten = (): void => {
      written = true;
    };
    try {
      life.subscribersHeld = await reconfigureCompute(ports, settings, spec, postgres, held, signal, onWritten);
    } catch (error) {
      if (lastInForce !== undefined && !signal.aborted) await takeBack(lastInForce, postgres, written);
      throw error;
    }
    life.applied = spec;
  }

  /** FIELD-10: after a failure the settings are those of the spec before. What the catalog got already stays: it does no harm. */
  async function takeBack(spec: DerivedSpec, postgres: PostgresProcess, written: boolean): Promise<void> {
    try {
      statistics.setInterval(spec.spec.suspendTimeoutSeconds);
      if (written) await restoreSettings(ports, settings, spec, postgres, life.subscribersHeld, signal);
    } catch (error) {
      log.warn(`could not put the settings before back into force: ${describeError(error)}`);
    }
  }

  function refresh(): RefreshOutcome {
    const { status } = store.get();
    if (status === "init") return { kind: "accepted" };
    if (!store.dispatch("refresh")) return { kind: "refused", status };
    if (!refreshing) void pullConfig();
    return { kind: "accepted" };
  }

  async function pullConfig(): Promise<void> {
    const operation = operations.begin("refresh");
    refreshing = true;
    try {
      await refreshUntilDone({ ports, store, applied: () => life.applied, reconfigure: bringIntoForce }, signal);
      operation.succeed();
    } catch (error) {
      operation.fail(error);
      if (signal.aborted) return;
      log.error(describeError(error));
      interruption.abort(error instanceof Error ? error : new Error(String(error)));
    } finally {
      refreshing = false;
    }
  }

  async function terminate(order: TerminateOrder): Promise<TerminateOutcome> {
    const { status, terminationLsn, isEnding } = store.get();
    if (status === "terminated") return { kind: "already-terminated", lsn: terminationLsn };
    if (status === "empty") {
      endsEmpty = true;
      firstSpec.resolve("terminated-empty");
      return { kind: "was-empty" };
    }
    if (isTerminating(status) && order.join) return terminateOutcome.promise;
    const accepted =
      store.dispatch(order.mode === "fast" ? "terminate-fast" : "terminate-immediate") ||
      (order.force && store.dispatch("force-terminate"));
    if (!accepted) return { kind: "refused", status };
    const operation = operations.begin("terminate");
    log.info("terminating: shutting Postgres down");
    if (status === "init" || status === "configuration_pending" || isEnding) {
      force.abort(new Error("terminated by force"));
    }
    await ports.services.stop();
    await life.postgres?.stop(fastShutdownMsMax);
    const outcome = await terminateOutcome.promise;
    if (outcome.kind === "failed") operation.fail(outcome.error);
    else operation.succeed();
    return outcome;
  }

  async function waitForStatus(
    wanted: readonly ComputeStatus[],
    limitMs: number,
    caller: AbortSignal,
  ): Promise<StatusView> {
    const limited = AbortSignal.any([caller, AbortSignal.timeout(limitMs)]);
    await store.until((status) => wanted.includes(status), limited).catch(() => {});
    return store.view();
  }

  async function plan(caller: AbortSignal): Promise<PlanOutcome> {
    const { applied } = life;
    if (applied === undefined) return { kind: "refused", status: store.get().status };
    return { kind: "planned", plan: await planCatalog(ports, applied, AbortSignal.any([caller, signal])) };
  }

  function overview(): ComputeOverview {
    const { spec, startLsn, terminationLsn } = store.get();
    return {
      spec,
      isInForce: life.applied !== undefined,
      postgresPid: life.postgres?.pid ?? null,
      startLsn,
      endLsn: terminationLsn,
      drift: ports.catalog.drift(),
    };
  }

  return {
    status: store.view,
    activity: life.activity.view,
    startupMetrics: () => store.get().metrics,
    timeline: timeline.read,
    lease: life.lease.view,
    overview,
    migrations: ports.catalog.migrations,
    plan,
    operations: operations.list,
    waitForStatus,
    configure,
    refresh,
    terminate,
    scaling: ports.vmMonitor.view,
    services: ports.services.view,
    checkAlive: ports.postgres.checkAlive,
  };
}
