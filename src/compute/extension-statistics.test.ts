import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Log } from "../base/log.ts";
import { createExtensionStatistics, nextSleepSeconds, statisticsInterval } from "./extension-statistics.ts";

function worker(parts: { collect?: () => Promise<void>; isApplying?: () => boolean } = {}) {
  const lines: string[] = [];
  const write = (message: string): void => void lines.push(message);
  const log: Log = { debug: write, info: write, warn: write, error: write, span: () => log };
  const ports = { log, collect: async () => {}, isApplying: () => false, ...parts };
  return { lines, statistics: createExtensionStatistics(ports, 3600n) };
}

describe("the schedule of the extension statistics", () => {
  it("takes what is not positive for an hour, and what is beyond a timer for the longest (SPEC-66, T21)", () => {
    assert.deepEqual([300n, 0n, -1n, -7n, 2n ** 62n].map(statisticsInterval), [300, 3600, 3600, 3600, 1_000_000]);
    assert.ok(nextSleepSeconds(undefined, statisticsInterval(2n ** 62n)) * 1000 < 2 ** 31);
  });

  it("V20: sleeps twice the interval, and never less than before (CAT-11)", () => {
    assert.equal(nextSleepSeconds(undefined, 300), 600);
    assert.equal(nextSleepSeconds(600, 60), 600);
    assert.equal(nextSleepSeconds(600, 600), 1200);
  });
});

describe("the worker of the extension statistics (LIFE-24)", () => {
  it("tells its interval, sleeps first, and ends with its signal", async () => {
    let collections = 0;
    const { lines, statistics } = worker({ collect: async () => void collections++ });
    statistics.setInterval(300n);
    const over = new AbortController();
    const running = statistics.run(over.signal);
    over.abort(new Error("Postgres has ended"));
    await running;
    assert.match(lines[0] ?? "", /^\[NEON_EXT_SPAWN\] .*Timeout: 600$/);
    assert.equal(lines[1], "[NEON_EXT_INT_SLEEP]: Interval: 600");
    assert.deepEqual([collections, lines.length], [0, 2]);
  });

  it("logs a collection that fails, and rejects only with its signal", async () => {
    const { lines, statistics } = worker({ collect: () => Promise.reject(new Error("no way in")) });
    await statistics.collectOnce(new AbortController().signal);
    assert.deepEqual(lines, ["no way in"]);
    const over = new AbortController();
    over.abort(new Error("Postgres has ended"));
    await assert.rejects(statistics.collectOnce(over.signal), /Postgres has ended/);
  });

  it("does not collect while the catalog is applied (T22)", async () => {
    const happened: string[] = [];
    const asked = ["applying", "applying", "idle"].values();
    const isApplying = (): boolean => {
      const { value = "idle" } = asked.next();
      happened.push(value);
      return value === "applying";
    };
    const { statistics } = worker({ isApplying, collect: async () => void happened.push("collects") });
    await statistics.collectOnce(new AbortController().signal);
    assert.deepEqual(happened, ["applying", "applying", "idle", "collects"]);
  });
});
