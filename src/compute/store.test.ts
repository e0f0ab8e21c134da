import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createStore } from "./store.ts";

const began = new Date("2031-01-02T03:04:05.678Z");

describe("the store", () => {
  it("begins empty, and shows so (HTTP-32)", () => {
    const store = createStore(began, () => {});
    assert.deepEqual(store.view(), {
      startTime: began,
      tenant: null,
      timeline: null,
      status: "empty",
      lastActiveMicros: null,
      error: null,
    });
  });

  it("tells its listener of every change, with both statuses (LIFE-42)", () => {
    const seen: string[] = [];
    const store = createStore(began, (before, after) => seen.push(`${before}>${after}`));
    store.dispatch("configure");
    store.dispatch("start");
    store.dispatch("start-failed", { error: "boom" });
    assert.deepEqual(seen, ["empty>configuration_pending", "configuration_pending>init", "init>failed"]);
    assert.equal(store.view().error, "boom");
  });

  it("refuses an event that its status does not allow, and changes nothing then", () => {
    const seen: string[] = [];
    const store = createStore(began, (before, after) => seen.push(`${before}>${after}`));
    assert.equal(store.dispatch("terminate-fast", { error: "must not stick" }), false);
    assert.equal(store.get().error, null);
    assert.deepEqual(seen, []);
  });

  it("keeps figures as whole numbers, rounded down (LIFE-65)", () => {
    const store = createStore(began, () => {});
    store.measure({ config_ms: 12.9, basebackup_bytes: 7 });
    assert.equal(store.get().metrics.config_ms, 12);
    assert.equal(store.get().metrics.basebackup_bytes, 7);
    assert.equal(store.get().metrics.load_ext_ms, 0);
  });
});

describe("publishing the last activity (MON-12)", () => {
  const at = (time: string): number => Date.parse(`2031-05-06T${time}:00Z`) * 1000;

  for (const [shared, monitor, result] of [
    ["10:05", "10:03", "10:05"],
    [null, "10:03", "10:03"],
    ["10:03", "10:05", "10:05"],
  ] as const) {
    it(`publishing: shared ${shared}, monitor ${monitor} gives ${result}`, () => {
      const store = createStore(new Date(0), () => {});
      assert.equal(store.view().lastActiveMicros, null);
      if (shared !== null) store.sawActivity(at(shared));
      store.sawActivity(at(monitor));
      assert.equal(store.view().lastActiveMicros, at(result));
    });
  }
});
