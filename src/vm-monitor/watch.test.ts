import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { averageOf, type MemorySample, nextDueMs, spanMs, startHistory, withSample } from "./memory-history.ts";
import { mib } from "./sizes.ts";
import { considerLine, considerPressure, type MemoryWatch, observe, startWatch } from "./watch.ts";

function sample(bytes: number, more: Partial<MemorySample> = {}): MemorySample {
  return { bytes, highEvents: null, stalledPercent: null, ...more };
}

/** Samples 100 ms apart from t = 0 on, each considered: when more was asked for, and why. */
function asked(watch: MemoryWatch, samples: readonly MemorySample[]): string[] {
  let now = watch;
  return samples.flatMap((each, index) => {
    const { watch: next, reason } = considerPressure(observe(now, each, index * 100), index * 100);
    now = next;
    return reason === null ? [] : [`${index * 100}: ${reason}`];
  });
}

const threshold = 3561593241;
const watch: MemoryWatch = { ...startWatch(0, 0), thresholdBytes: threshold };
const repeat = <T>(times: number, each: T): T[] => Array.from({ length: times }, () => each);

describe("the memory history (VM-20)", () => {
  it("VM-20: averages the last five samples, cut to whole bytes", () => {
    let history = startHistory(0);
    assert.equal(averageOf(history), null);
    const found = [10, 20, 30, 40, 55, 61].map((bytes, index) => {
      history = withSample(history, bytes, index * 100);
      return [averageOf(history), history.bytes.length, spanMs(history), history.asOfMs];
    });
    assert.deepEqual(found, [
      [10, 1, 0, 0],
      [15, 2, 100, 100],
      [20, 3, 200, 200],
      [25, 4, 300, 300],
      [31, 5, 400, 400],
      [41, 5, 400, 500],
    ]);
  });
});

describe("the pace of samples (VM-20)", () => {
  it("VM-20: is a look every 100 ms; ticks that are missed are dropped", () => {
    assert.equal(nextDueMs(0, 3), 100);
    assert.equal(nextDueMs(100, 100), 200);
    assert.equal(nextDueMs(100, 200), 200);
    assert.equal(nextDueMs(100, 350), 400, "not three looks at once");
  });
});

describe("asking for more (VM-17)", () => {
  it("VM-17: asks at the threshold, and again after a second; not before five samples are in (trap 12)", () => {
    assert.deepEqual(asked(watch, repeat(25, sample(threshold))), [
      "400: threshold",
      "1400: threshold",
      "2400: threshold",
    ]);
  });

  it("VM-17: does not ask below the threshold", () => {
    assert.deepEqual(asked(watch, repeat(25, sample(threshold - 1))), []);
  });

  it("VM-19: has the machine's threshold to begin with", () => {
    assert.equal(startWatch(4127096832, 0).thresholdBytes, 3508032307);
  });

  it("asks when the kernel has slowed Postgres down for memory.high, once for each time", () => {
    const calm = sample(1, { highEvents: 3 });
    const slowed = sample(1, { highEvents: 4 });
    assert.deepEqual(asked(watch, [...repeat(8, calm), ...repeat(20, slowed)]), ["800: memory-high"]);
    assert.deepEqual(asked(watch, repeat(20, slowed)), [], "events before the session began are none of its business");
  });

  it("does not forget an event of memory.high that comes within a second of a request", () => {
    const levels = [...repeat(5, 0), ...repeat(3, 1), ...repeat(15, 2)];
    const found = asked(
      watch,
      levels.map((highEvents) => sample(1, { highEvents })),
    );
    assert.deepEqual(found, ["500: memory-high", "1500: memory-high"]);
  });

  it("asks when nothing gets on for want of memory", () => {
    assert.deepEqual(asked(watch, repeat(6, sample(1, { stalledPercent: 10 }))), ["400: stalled"]);
    assert.deepEqual(asked(watch, repeat(6, sample(1, { stalledPercent: 9.99 }))), []);
  });
});

describe("lines about the memory (VM-22)", () => {
  /** The numbers of the samples, 100 ms apart, at which a line was written. */
  function lines(bytes: readonly number[]): number[] {
    let now = startWatch(0, 0);
    return bytes.flatMap((each, index) => {
      const { watch: next, averageBytes } = considerLine(observe(now, sample(each), index * 100), index * 100);
      now = next;
      return averageBytes === null ? [] : [index];
    });
  }

  it("VM-22: are 15 s apart while nothing changes", () => {
    assert.deepEqual(lines(Array.from({ length: 320 }, () => 1000 * mib)), [0, 150, 300]);
    assert.deepEqual(lines(Array.from({ length: 160 }, () => 0)), [0, 150]);
  });

  it("VM-22: come after 20 samples when an eighth, or 128 MiB, has changed", () => {
    const step = (before: number, after: number) => [
      ...Array.from({ length: 10 }, () => before),
      ...Array.from({ length: 30 }, () => after),
    ];
    assert.deepEqual(lines(step(800 * mib, 900 * mib)), [0, 20]);
    assert.deepEqual(lines(step(8000 * mib, 8128 * mib)), [0, 20]);
    assert.deepEqual(lines(step(8000 * mib, 8127 * mib)), [0]);
  });
});
