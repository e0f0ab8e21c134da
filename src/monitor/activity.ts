import type { ActivityFacts, SessionGroup, StatisticsTotals } from "./facts.ts";

/** What keeps a compute awake. */
export type AwakeReason =
  /** Sessions came and went, or worked, between two checks. */
  | "statistics"
  /** A session does something, or has a transaction open. */
  | "active-session"
  /** A session has done something since the last check. */
  | "idle-session"
  | "replication"
  | "subscription"
  | "autovacuum";

/** Which changes of the statistics count. */
export interface ActivityRules {
  /**
   * `any-change`: a difference in either direction, as the feature `activity_monitor_experimental` asks for (MON-2, MON-8
   * step 1). `rise`: what only a customer's session can have added (FIELD-14).
   */
  readonly statistics: "any-change" | "rise";
}

/** What this program itself did in customers' databases, where the statistics cannot tell it from a customer (trap 7). */
export interface OwnVisits {
  /** Sessions that it opened since the last check. */
  readonly opened: number;
  /** All sessions that it ever opened are in the statistics by now. */
  readonly countSettled: boolean;
  /** So is the time that its statements took: no session is open, none was until a moment ago. */
  readonly timeSettled: boolean;
}

/** No session of ours was anywhere near. */
export const noVisits: OwnVisits = Object.freeze({ opened: 0, countSettled: true, timeSettled: true });

/** What a check remembers for the next one. */
export interface ActivityMemory {
  /** Microseconds since 1970; null for never since the start. */
  readonly lastActiveMicros: number | null;
  readonly statistics: StatisticsTotals | null;
  /** Sessions of our own that the statistics may not have counted yet. */
  readonly ownUncounted: number;
}

/** Before the first check. */
export const noActivityYet: ActivityMemory = Object.freeze({
  lastActiveMicros: null,
  statistics: null,
  ownUncounted: 0,
});

/** What a check came to. */
export interface ActivityVerdict {
  readonly memory: ActivityMemory;
  /** The first step that found activity; null when none did. */
  readonly reason: AwakeReason | null;
}

/** Looks through the facts in the order of MON-8; the first step that finds activity decides when it was (MON-9). */
export function judgeActivity(
  memory: ActivityMemory,
  facts: ActivityFacts,
  rules: ActivityRules,
  own: OwnVisits,
): ActivityVerdict {
  const { reason, atMicros } = firstActivity(memory, facts, rules, own) ?? { reason: null, atMicros: null };
  return Object.freeze({
    reason,
    memory: Object.freeze({
      lastActiveMicros: atMicros ?? memory.lastActiveMicros,
      statistics: facts.statistics,
      ownUncounted: stillUncounted(memory, facts, own),
    }),
  });
}

interface Activity {
  readonly reason: AwakeReason;
  readonly atMicros: number;
}

function firstActivity(
  memory: ActivityMemory,
  facts: ActivityFacts,
  rules: ActivityRules,
  own: OwnVisits,
): Activity | undefined {
  const now = (reason: AwakeReason): Activity => ({ reason, atMicros: facts.nowMicros });
  if (statisticsTell(memory, facts, rules, own)) return now("statistics");
  if (facts.sessions.some(isBusy)) return now("active-session");
  const newestMicros = newestIdleMicros(facts.sessions);
  if (newestMicros !== null && newestMicros > (memory.lastActiveMicros ?? Number.NEGATIVE_INFINITY)) {
    return { reason: "idle-session", atMicros: newestMicros };
  }
  if (facts.walSenders > 0) return now("replication");
  if (facts.subscriptionWorkers > 0) return now("subscription");
  if (facts.autovacuumWorkers > 0) return now("autovacuum");
  return undefined;
}

/** Step 1. The first look is only what later ones are compared with (MON-11). */
function statisticsTell(
  memory: ActivityMemory,
  { statistics: found, sessions }: ActivityFacts,
  rules: ActivityRules,
  own: OwnVisits,
): boolean {
  const before = memory.statistics;
  if (before === null || found === null) return false;
  const opened = found.sessions - before.sessions;
  const openedByOthers = opened > 0 ? opened - Math.min(opened, memory.ownUncounted + own.opened) : opened;
  const worked = own.timeSettled ? found.activeMs - before.activeMs : 0;
  if (rules.statistics === "any-change") return openedByOthers !== 0 || worked !== 0;
  // A session that is still open tells of its time up to ten seconds late, and is seen by its state anyway.
  return openedByOthers > 0 || (worked > 0 && sessions.length === 0);
}

function stillUncounted(memory: ActivityMemory, { statistics: found }: ActivityFacts, own: OwnVisits): number {
  if (own.countSettled) return 0;
  const uncounted = memory.ownUncounted + own.opened;
  if (memory.statistics === null || found === null) return uncounted;
  const opened = Math.max(0, found.sessions - memory.statistics.sessions);
  return uncounted - Math.min(opened, uncounted);
}

/** Any state but idle; a session that hides its state is passed over. `disabled` counts (trap 4). */
function isBusy({ state }: SessionGroup): boolean {
  return state !== null && state !== "idle";
}

function newestIdleMicros(sessions: readonly SessionGroup[]): number | null {
  const moments = sessions.flatMap(({ state, changedMicros }) =>
    state === "idle" && changedMicros !== null ? [changedMicros] : [],
  );
  return moments.length === 0 ? null : Math.max(...moments);
}
