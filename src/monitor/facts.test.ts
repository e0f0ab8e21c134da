import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeFacts } from "./facts.ts";

const row = {
  now_micros: "1936076889250123",
  active_ms: "12.5",
  sessions: "4",
  wal_senders: "1",
  subscription_workers: "2",
  autovacuum_workers: "3",
  state: null,
  changed_micros: null,
  in_state: null,
};

describe("decodeFacts (MON-8)", () => {
  it("reads the facts, and no session where there is none", () => {
    assert.deepEqual(decodeFacts([row]), {
      nowMicros: 1936076889250123,
      statistics: { activeMs: 12.5, sessions: 4 },
      sessions: [],
      walSenders: 1,
      subscriptionWorkers: 2,
      autovacuumWorkers: 3,
    });
  });

  it("reads a group of sessions from each row, those that hide their state among them", () => {
    const rows = [
      { ...row, state: "idle", changed_micros: "1936076889250122", in_state: "7" },
      { ...row, state: null, changed_micros: null, in_state: "1" },
    ];
    assert.deepEqual(decodeFacts(rows).sessions, [
      { state: "idle", changedMicros: 1936076889250122 },
      { state: null, changedMicros: null },
    ]);
  });

  for (const [what, rows] of [
    ["no row", []],
    ["a missing number", [{ ...row, wal_senders: null }]],
    ["an empty one", [{ ...row, sessions: "" }]],
    ["no number", [{ ...row, now_micros: "yesterday" }]],
    ["an endless one", [{ ...row, active_ms: "Infinity" }]],
    ["a time that is none", [{ ...row, state: "idle", changed_micros: "infinity", in_state: "1" }]],
  ] as const) {
    it(`refuses ${what}: the whole check fails`, () =>
      assert.throws(() => decodeFacts(rows), /the activity query answered .* where a number was expected/));
  }
});
