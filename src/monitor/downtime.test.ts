import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Downtime, describeDowntime, expectUp, nextPauseMs, reportDown, reportUp } from "./downtime.ts";

/**
 * The table of chapter 07, in milliseconds since the launch. The gauge is the original's; its counter forgets the time inside
 * a slow attempt and from the last failure to the first success (trap 5), which ours counts.
 */
const table: readonly (readonly [ms: number, event: "up" | "down", gauge: number, counter: number, lastUp: number])[] =
  [
    [10012, "up", 0, 0, 10012],
    [10514, "up", 0, 0, 10514],
    [11015, "down", 501, 501, 10514],
    [11520, "down", 1006, 1006, 10514],
    [12025, "down", 1511, 1511, 10514],
    [12532, "up", 0, 2018, 12532],
    [13034, "up", 0, 2018, 13034],
  ];

describe("downtime (MON-14)", () => {
  it("follows the table of the chapter, honestly", () => {
    let downtime: Downtime = expectUp(10000);
    for (const [ms, event, gauge, counter, lastUp] of table) {
      downtime = event === "up" ? reportUp(downtime, ms) : reportDown(downtime, ms);
      assert.deepEqual([downtime.currentMs, downtime.totalMs, downtime.lastUpMs], [gauge, counter, lastUp], `${ms}`);
    }
  });

  it("counts from the moment of Running when the very first connect fails (trap 5)", () => {
    assert.deepEqual(reportDown(expectUp(10000), 10300), {
      lastUpMs: 10000,
      countedUntilMs: 10300,
      currentMs: 300,
      totalMs: 300,
    });
  });

  it("keeps the total over a time in which nobody checked", () => {
    const before = reportDown(expectUp(1000), 1500);
    assert.deepEqual(expectUp(9000, before.totalMs), {
      lastUpMs: 9000,
      countedUntilMs: 9000,
      currentMs: 0,
      totalMs: 500,
    });
  });
});

describe("the pause before the next check (MON-6)", () => {
  it("is half a second while Postgres answers, and grows to two while it does not", () => {
    assert.deepEqual([0, 1, 2, 3, 4, 100].map(nextPauseMs), [500, 500, 1000, 2000, 2000, 2000]);
  });
});

describe("downtime_info (MON-7)", () => {
  it("has whole milliseconds and the last success", () => {
    const downtime = { lastUpMs: 10514, countedUntilMs: 0, currentMs: 501.7, totalMs: 1501.2 };
    assert.equal(
      describeDowntime(downtime, (ms) => new Date(ms)),
      'downtime_info={"total_ms":1501,"current_ms":501,"last_up":"1970-01-01T00:00:10.514Z"}',
    );
  });
});
