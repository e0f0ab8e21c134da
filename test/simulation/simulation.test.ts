import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { acceptorStep } from "../../src/standin/acceptor/acceptor.ts";
import { runSeed, type Sabotage, type SeedReport } from "./run-seed.ts";
import { Schedule } from "./schedule.ts";
import type { AcceptorLogic } from "./simulated-acceptor.ts";

const seeds = 300;

/** Plays schedules until one has a violation of that kind. */
function findsOut(sabotage: Sabotage, violation: RegExp): boolean {
  for (let seed = 1; seed <= seeds; seed += 1) {
    if (runSeed(seed, sabotage).violations.some((found) => violation.test(found))) return true;
  }
  return false;
}

/** Acceptors that do not do one thing that they should. */
function without(kind: "sync-wal" | "persist", during: readonly string[]): AcceptorLogic {
  return (state, event) => {
    const { state: next, effects } = acceptorStep(state, event);
    const kept = during.includes(event.kind) ? effects.filter((effect) => effect.kind !== kind) : effects;
    return { state: next, effects: kept };
  };
}

/** Acceptors that vote in a term as often as they are asked. */
const generous: AcceptorLogic = (state, event) => {
  const { state: next, effects } = acceptorStep(state, event);
  const again = event.kind === "vote-request" && event.term === state.control.term;
  const give = effects.map((effect) =>
    again && effect.kind === "reply" && effect.message.kind === "vote-response"
      ? { ...effect, message: { ...effect.message, given: true } }
      : effect,
  );
  return { state: next, effects: give };
};

describe("the simulation", () => {
  it(`finds no violation in ${seeds} schedules, in which a lot happens (SK-40 to SK-51, SK-60 to SK-66)`, () => {
    const all = Array.from({ length: seeds }, (_, index) => runSeed(index + 1));
    assert.deepEqual(
      all.filter((report) => report.violations.length > 0),
      [],
    );
    const sum = (of: (report: SeedReport) => number): number => all.map(of).reduce((a, b) => a + b);
    assert.ok(sum(({ finished }) => finished) > 4 * seeds, "syncs that finished");
    assert.ok(sum(({ syncs, finished }) => syncs - finished) > 2 * seeds, "syncs that did not");
    assert.ok(sum(({ committedBytes }) => committedBytes) > 200 * seeds, "committed WAL");
  });

  it("plays a seed twice in the same way", () => {
    for (const seed of [7, 77, 777]) assert.deepEqual(runSeed(seed), runSeed(seed));
  });

  it("finds out when the quorum is too small", () => {
    assert.ok(findsOut({ knownAcceptors: 1 }, /is on no quorum/));
    assert.ok(findsOut({ knownAcceptors: 1 }, /committed WAL differs/));
    assert.ok(findsOut({ knownAcceptors: 1 }, /result \S+ is before/));
  });

  it("finds out when acceptors promise what is not on disk", () => {
    assert.ok(
      findsOut({ acceptor: without("sync-wal", ["flush", "elected", "vote-request"]) }, /was lost by a quorum/),
    );
  });

  it("finds out when acceptors forget or repeat their votes", () => {
    assert.ok(findsOut({ acceptor: without("persist", ["vote-request"]) }, /is on no quorum/));
    assert.ok(findsOut({ acceptor: generous }, /committed WAL differs/));
  });
});

describe("simulated time", () => {
  it("passes from plan to plan, in the order of times and then of planning", () => {
    const schedule = new Schedule();
    const seen: string[] = [];
    for (const [index, atMs] of [5, 3, 9, 3, 1, 9, 5, 3].entries()) {
      schedule.at(atMs, () => seen.push(`${schedule.nowMs}#${index}`));
    }
    schedule.run(8);
    assert.deepEqual(seen, ["1#4", "3#1", "3#3", "3#7", "5#0", "5#6"]);
    assert.equal(schedule.nowMs, 8);
    schedule.run(10, () => seen.length === 7);
    assert.deepEqual(seen.slice(6), ["9#2"]);
  });
});
