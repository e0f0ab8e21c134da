import type { Clock } from "../base/clock.ts";
import { sleep } from "../base/deadline.ts";
import { describeError } from "../base/error-chain.ts";
import type { Log } from "../base/log.ts";
import { sqlState } from "../base/sql.ts";
import {
  type ActivityMemory,
  type ActivityRules,
  judgeActivity,
  noActivityYet,
  type OwnVisits,
} from "../monitor/activity.ts";
import { type Downtime, describeDowntime, expectUp, nextPauseMs, reportDown, reportUp } from "../monitor/downtime.ts";
import type { ActivityFacts } from "../monitor/facts.ts";
import { hasFeature } from "../spec/features.ts";
import type { ComputeSpec } from "../spec/types.ts";
import { type ActivityView, nothingChecked } from "./activity-view.ts";
import { isTerminating } from "./status.ts";
import type { ComputeStore } from "./store.ts";

/** The monitor's session with Postgres. */
export interface ActivitySource {
  /** One look; bounded in time. Rejects when Postgres does not answer, or not as it should. */
  read(signal: AbortSignal): Promise<ActivityFacts>;
  close(): Promise<void>;
}

/** What the activity monitor needs of the outside. */
export interface ActivityPorts {
  readonly log: Log;
  readonly clock: Clock;
  /** Connects; bounded in time. Rejects when Postgres cannot be reached. */
  open(signal: AbortSignal): Promise<ActivitySource>;
  /** What this program did in customers' databases since the last call. */
  takeOwnVisits(): OwnVisits;
  /** Told after every check. */
  show(view: ActivityView): void;
}

/** Watches how the Postgres that runs is used (chapter 07 §1). */
export interface ActivityMonitor {
  view(): ActivityView;
  /**
   * Checks by the rules that the spec asks for, until the compute ends or the signal fires; never rejects. To be called once,
   * when the compute has just become running: what this program did before is nobody's activity (MON-3).
   */
  run(spec: ComputeSpec, signal: AbortSignal): Promise<void>;
}

/** The rules that a spec's features ask for; they stay for the life of the process (MON-2). */
export function activityRules(spec: ComputeSpec): ActivityRules {
  return { statistics: hasFeature(spec, "activity_monitor_experimental") ? "any-change" : "rise" };
}

/**
 * How long a session is kept: somebody who shuts Postgres down in its "smart" way, by SIGTERM, waits until every session has
 * ended, and new ones are turned away then.
 */
const sessionMsMax = 5_000;

/** SQLSTATE classes of a connection that broke, and of a server that ends it. */
const connectionClasses: readonly string[] = ["08", "57"];

/**
 * Makes the monitor; it publishes the last activity to the store (MON-12).
 * @param pause waits so many milliseconds, or rejects when the signal fires
 */
export function createActivityMonitor(
  ports: ActivityPorts,
  store: ComputeStore,
  pause: (ms: number, signal: AbortSignal) => Promise<void> = sleep,
): ActivityMonitor {
  const { log, clock } = ports;
  let view = nothingChecked;
  let memory: ActivityMemory = noActivityYet;
  let downtime: Downtime = expectUp(0);
  let failures = 0;
  let source: ActivitySource | undefined;
  let openedAtMs = 0;

  function publish(found: ActivityView["found"]): void {
    if (memory.lastActiveMicros !== null) store.sawActivity(memory.lastActiveMicros);
    view = Object.freeze({
      lastActiveMicros: store.get().lastActiveMicros,
      found,
      checkedAt: clock.now(),
      currentDowntimeMs: Math.floor(downtime.currentMs),
      totalDowntimeMs: Math.floor(downtime.totalMs),
    });
    ports.show(view);
  }

  async function run(spec: ComputeSpec, signal: AbortSignal): Promise<void> {
    const rules = activityRules(spec);
    downtime = expectUp(clock.monotonicMs());
    try {
      while (!isOver(signal)) {
        if (store.get().status === "failed") await waitWhileFailed(signal);
        else await check(rules, signal);
        await pause(nextPauseMs(failures), signal);
      }
    } catch (error) {
      if (!signal.aborted) log.error(`the activity monitor ended: ${describeError(error)}`);
    } finally {
      await drop();
    }
  }

  /** MON-4. A failed reconfiguration can be mended by a refresh; a failed start cannot. */
  function isOver(signal: AbortSignal): boolean {
    const { status, isEnding } = store.get();
    return signal.aborted || isEnding || isTerminating(status) || status === "terminated";
  }

  /** The time of a status in which nobody checks is not downtime. */
  async function waitWhileFailed(signal: AbortSignal): Promise<void> {
    await drop();
    await store.until((status) => status !== "failed", signal);
    downtime = expectUp(clock.monotonicMs(), downtime.totalMs);
  }

  async function check(rules: ActivityRules, signal: AbortSignal): Promise<void> {
    const wasConnected = source !== undefined;
    try {
      if (clock.monotonicMs() - openedAtMs > sessionMsMax) await drop();
      if (source === undefined) {
        source = await ports.open(signal);
        openedAtMs = clock.monotonicMs();
      }
      const facts = await source.read(signal);
      failures = 0;
      downtime = reportUp(downtime, clock.monotonicMs());
      const verdict = judgeActivity(memory, facts, rules, ports.takeOwnVisits());
      memory = verdict.memory;
      publish(verdict.reason ?? "none");
    } catch (error) {
      if (isOver(signal)) return;
      failures += 1;
      downtime = reportDown(downtime, clock.monotonicMs());
      tell(error, wasConnected);
      publish("unreachable");
      await drop();
    }
  }

  /** MON-7. */
  function tell(error: unknown, wasConnected: boolean): void {
    const elapsedMs = clock.monotonicMs();
    const now = clock.now().getTime();
    const info = describeDowntime(downtime, (ms) => new Date(now - (elapsedMs - ms)));
    const text = `${describeError(error)}, ${info}`;
    if (source === undefined) log.info(`could not connect to Postgres to see its activity: ${text}`);
    else if (wasConnected && connectionClasses.includes(sqlState(error)?.slice(0, 2) ?? "")) {
      log.info(`the connection that sees the activity of Postgres was closed: ${text}`);
    } else log.error(`could not see the activity of Postgres: ${text}`);
  }

  async function drop(): Promise<void> {
    const open = source;
    source = undefined;
    await open?.close().catch((error: unknown) => log.debug(`could not close a session: ${describeError(error)}`));
  }

  return { view: () => view, run };
}
