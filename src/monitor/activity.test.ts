import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type ActivityMemory,
  type AwakeReason,
  judgeActivity,
  noActivityYet,
  noVisits,
  type OwnVisits,
} from "./activity.ts";
import type { ActivityFacts, SessionGroup } from "./facts.ts";

/** A time of one day in microseconds; with fraction digits, if it has some. */
function at(time: string): number {
  const [clock = "", fraction = ""] = time.split(".");
  return (
    Date.parse(`2031-05-06T${clock.length === 5 ? `${clock}:00` : clock}Z`) * 1000 + Number(fraction.padEnd(6, "0"))
  );
}

const poll = at("10:08");

function statistics(totals: readonly [activeMs: number, sessions: number] | null) {
  return totals === null ? null : { activeMs: totals[0], sessions: totals[1] };
}

/** `idle@10:00:03`, `disabled@NULL`, `NULL`. */
function group(row: string): SessionGroup {
  const [state = "", changed = "NULL"] = row.split("@");
  return { state: state === "NULL" ? null : state, changedMicros: changed === "NULL" ? null : at(changed) };
}

interface Seen {
  readonly rows?: readonly string[];
  readonly counts?: readonly [walSenders: number, subscriptions: number, autovacuum: number];
  readonly totals?: readonly [activeMs: number, sessions: number] | null;
}

function facts({ rows = [], counts = [0, 0, 0], totals = null }: Seen): ActivityFacts {
  const [walSenders, subscriptionWorkers, autovacuumWorkers] = counts;
  return {
    nowMicros: poll,
    statistics: statistics(totals),
    sessions: rows.map(group),
    walSenders,
    subscriptionWorkers,
    autovacuumWorkers,
  };
}

interface Vector extends Seen {
  readonly id: number;
  readonly what: string;
  readonly flag: "off" | "on";
  readonly before?: readonly [activeMs: number, sessions: number] | null;
  /** The previous `last_active`. */
  readonly p: string | null;
  /** The new one; `N` for the time of the poll. */
  readonly next: string | null;
  readonly reason: AwakeReason | null;
}

/** The table of activity decisions in chapter 07; rows of others' roles and applications are the query's to leave out. */
const vectors: readonly Vector[] = [
  { id: 1, what: "nothing", flag: "off", p: null, next: null, reason: null },
  {
    id: 2,
    what: "idle sessions",
    flag: "off",
    rows: ["idle@10:00:00.250", "idle@10:00:03"],
    p: null,
    next: "10:00:03",
    reason: "idle-session",
  },
  {
    id: 3,
    what: "an idle session that is known",
    flag: "off",
    rows: ["idle@10:00:03"],
    p: "10:00:03",
    next: "10:00:03",
    reason: null,
  },
  {
    id: 4,
    what: "autovacuum",
    flag: "off",
    rows: ["idle@10:00:03"],
    counts: [0, 0, 1],
    p: "10:00:03",
    next: "N",
    reason: "autovacuum",
  },
  {
    id: 5,
    what: "an open transaction",
    flag: "off",
    rows: ["idle@10:00:03", "idle in transaction@09:00"],
    p: "10:00:03",
    next: "N",
    reason: "active-session",
  },
  { id: 6, what: "a session without a state", flag: "off", rows: ["NULL"], p: null, next: null, reason: null },
  {
    id: 7,
    what: "a session that is not tracked (trap 4)",
    flag: "off",
    rows: ["disabled@NULL"],
    p: "10:00:03",
    next: "N",
    reason: "active-session",
  },
  { id: 8, what: "only cloud_admin, which the query leaves out", flag: "off", p: null, next: null, reason: null },
  { id: 9, what: "a replica", flag: "off", counts: [1, 0, 0], p: "10:00", next: "N", reason: "replication" },
  { id: 10, what: "the walproposer, which the query leaves out", flag: "off", p: "10:00", next: "10:00", reason: null },
  { id: 11, what: "subscriptions", flag: "off", counts: [0, 2, 0], p: null, next: "N", reason: "subscription" },
  { id: 12, what: "the baseline", flag: "on", before: null, totals: [12.5, 4], p: null, next: null, reason: null },
  {
    id: 13,
    what: "a session more",
    flag: "on",
    before: [12.5, 4],
    totals: [12.5, 5],
    p: null,
    next: "N",
    reason: "statistics",
  },
  {
    id: 14,
    what: "databases dropped",
    flag: "on",
    before: [12.5, 5],
    totals: [0, 0],
    p: "10:00",
    next: "N",
    reason: "statistics",
  },
  {
    id: 15,
    what: "an idle session",
    flag: "on",
    before: [0, 0],
    totals: [0, 0],
    rows: ["idle@10:07"],
    p: "10:00",
    next: "10:07",
    reason: "idle-session",
  },
];

describe("judgeActivity (MON-8, MON-9, MON-10, MON-11)", () => {
  for (const { id, what, flag, before = null, p, next, reason, ...seen } of vectors) {
    it(`activity decision ${id}: ${what}`, () => {
      const memory = { ...noActivityYet, lastActiveMicros: p === null ? null : at(p), statistics: statistics(before) };
      const rules = { statistics: flag === "on" ? "any-change" : "rise" } as const;
      const verdict = judgeActivity(memory, facts(seen), rules, noVisits);
      assert.equal(verdict.memory.lastActiveMicros, next === null ? null : next === "N" ? poll : at(next));
      assert.equal(verdict.reason, reason);
      assert.deepEqual(verdict.memory.statistics, statistics(seen.totals ?? null));
    });
  }

  for (const state of ["active", "idle in transaction (aborted)", "fastpath function call", "starting"]) {
    it(`MON-9: ${state} is now`, () => {
      const verdict = judgeActivity(
        noActivityYet,
        facts({ rows: [`${state}@09:00`] }),
        { statistics: "rise" },
        noVisits,
      );
      assert.equal(verdict.memory.lastActiveMicros, poll);
    });
  }

  it("keeps microseconds apart that a Date would not", () => {
    const memory = { ...noActivityYet, lastActiveMicros: at("10:00:03.000123") };
    const newer = judgeActivity(memory, facts({ rows: ["idle@10:00:03.000124"] }), { statistics: "rise" }, noVisits);
    assert.deepEqual([newer.reason, newer.memory.lastActiveMicros], ["idle-session", at("10:00:03.000124")]);
    const same = judgeActivity(memory, facts({ rows: ["idle@10:00:03.000123"] }), { statistics: "rise" }, noVisits);
    assert.equal(same.reason, null);
  });
});

describe("judgeActivity by statistics, without the feature (FIELD-14, MON-16)", () => {
  const known = { ...noActivityYet, statistics: { activeMs: 10, sessions: 5 } };

  function reasonOf(seen: Seen, own: OwnVisits = noVisits, memory: ActivityMemory = known): AwakeReason | null {
    return judgeActivity(memory, facts(seen), { statistics: "rise" }, own).reason;
  }

  it("sees a session that came and went between two checks", () => {
    assert.equal(reasonOf({ totals: [10, 6] }), "statistics");
    assert.equal(reasonOf({ totals: [10, 5] }), null);
  });

  it("takes statistics that were reset, or went with a database, for nothing", () => {
    assert.equal(reasonOf({ totals: [0, 0] }), null);
    assert.equal(
      reasonOf({ totals: [0, 1] }, noVisits, { ...known, statistics: { activeMs: 0, sessions: 0 } }),
      "statistics",
    );
  });

  it("believes in work only when nobody is connected any more: open sessions tell of it late", () => {
    assert.equal(reasonOf({ totals: [12, 5] }), "statistics");
    const idle = { ...known, lastActiveMicros: at("10:00") };
    assert.equal(reasonOf({ totals: [12, 5], rows: ["idle@10:00"] }, noVisits, idle), null);
  });
});

describe("judgeActivity and this program's own sessions (FIELD-14, MON-16, trap 7)", () => {
  const known = { ...noActivityYet, statistics: { activeMs: 10, sessions: 5 } };
  const visiting = (opened: number): OwnVisits => ({ opened, countSettled: false, timeSettled: false });

  for (const rules of [{ statistics: "rise" }, { statistics: "any-change" }] as const) {
    it(`does not count them, nor their time (${rules.statistics})`, () => {
      const verdict = judgeActivity(known, facts({ totals: [14, 8] }), rules, visiting(3));
      assert.deepEqual([verdict.reason, verdict.memory.ownUncounted], [null, 0]);
    });

    it(`counts a customer's among them (${rules.statistics})`, () => {
      const verdict = judgeActivity(known, facts({ totals: [10, 9] }), rules, visiting(3));
      assert.deepEqual([verdict.reason, verdict.memory.ownUncounted], ["statistics", 0]);
    });

    it(`waits for the statistics to count them, but not for ever (${rules.statistics})`, () => {
      const early = judgeActivity(known, facts({ totals: [10, 6] }), rules, visiting(2));
      assert.deepEqual([early.reason, early.memory.ownUncounted], [null, 1]);
      const later = judgeActivity(early.memory, facts({ totals: [10, 7] }), rules, visiting(0));
      assert.deepEqual([later.reason, later.memory.ownUncounted], [null, 0]);
      const settled = judgeActivity(early.memory, facts({ totals: [10, 6] }), rules, noVisits);
      assert.equal(settled.memory.ownUncounted, 0);
      assert.equal(judgeActivity(settled.memory, facts({ totals: [10, 7] }), rules, noVisits).reason, "statistics");
    });
  }

  it("keeps those uncounted that were opened before the baseline", () => {
    const first = judgeActivity(noActivityYet, facts({ totals: [10, 5] }), { statistics: "rise" }, visiting(2));
    assert.equal(first.memory.ownUncounted, 2);
    assert.equal(
      judgeActivity(first.memory, facts({ totals: [10, 7] }), { statistics: "rise" }, visiting(0)).reason,
      null,
    );
  });
});
