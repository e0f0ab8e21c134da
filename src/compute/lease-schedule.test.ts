import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renewalPauseMs, retryPauseMs } from "./lease-schedule.ts";

describe("the schedule of leases (vectors of chapter 06)", () => {
  const renewals: readonly (readonly [number, number])[] = [
    [600, 540],
    [100, 50],
    [120, 60],
    [14, 7],
    [1, 1],
    [0, 1],
    [-5, 1],
    [365 * 86_400, 86_400],
  ];
  for (const [left, wait] of renewals) {
    it(`LSN-7: with ${left} s left the renewal comes after ${wait} s`, () => {
      assert.equal(renewalPauseMs(left * 1000), wait * 1000);
    });
  }

  it("LSN-7: a renewal always comes before the end, but for leases that are hardly any", () => {
    for (let left = 1_001; left < 4_000_000; left += 997) assert.ok(renewalPauseMs(left) < left, `${left} ms`);
  });

  it("LSN-6: errors are followed by 0.5 s, half as much again each time, and a minute at most", () => {
    const waits = Array.from({ length: 15 }, (_, failures) => Math.floor(retryPauseMs(failures)));
    assert.deepEqual(
      waits,
      [500, 750, 1125, 1687, 2531, 3796, 5695, 8542, 12_814, 19_221, 28_832, 43_248, 60_000, 60_000, 60_000],
    );
    assert.equal(retryPauseMs(10_000), 60_000);
  });
});
