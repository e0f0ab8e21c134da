import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Log } from "../base/log.ts";
import { SqlError } from "../base/sql.ts";
import { noVisits } from "../monitor/activity.ts";
import type { ActivityFacts } from "../monitor/facts.ts";
import { activityRules, createActivityMonitor } from "./activity-monitor.ts";
import type { ActivityView } from "./activity-view.ts";
import { createStore } from "./store.ts";
import { configWith, derived } from "./test-world.ts";

const quiet: ActivityFacts = {
  nowMicros: 5_000_000,
  statistics: { activeMs: 0, sessions: 0 },
  sessions: [],
  walSenders: 0,
  subscriptionWorkers: 0,
  autovacuumWorkers: 0,
};
const { spec } = derived(configWith());
const busy: ActivityFacts = { ...quiet, sessions: [{ state: "active", changedMicros: 1 }] };

/** What Postgres does at one attempt; an error is thrown by the look, `refused` by the connect before it. */
type Turn = ActivityFacts | Error | "refused";

/** A monitor of a running compute whose Postgres does as `turns` say, one each cycle; the signal fires after the last. */
function monitored(
  turns: readonly Turn[],
  during: (turn: number, store: ReturnType<typeof createStore>) => void = () => {},
) {
  const lines: string[] = [];
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const log: Log = { debug() {}, info: write("info"), warn: write("warn"), error: write("error"), span: () => log };
  const over = new AbortController();
  const calls: string[] = [];
  const pausesMs: number[] = [];
  const views: ActivityView[] = [];
  let elapsedMs = 10_000;
  let turn = 0;
  const store = createStore(new Date(0), () => {});
  store.dispatch("spec-known");
  store.dispatch("started");
  const current = (): Turn => turns[turn] ?? quiet;
  const monitor = createActivityMonitor(
    {
      log,
      clock: { now: () => new Date(elapsedMs), monotonicMs: () => elapsedMs },
      async open() {
        calls.push("open");
        if (current() === "refused") throw new SqlError("cannot connect", "08001");
        return {
          async read() {
            calls.push("read");
            during(turn, store);
            const answer = current();
            if (answer instanceof Error) throw answer;
            assert.ok(answer !== "refused");
            return answer;
          },
          close: async () => void calls.push("close"),
        };
      },
      takeOwnVisits: () => noVisits,
      show: (view) => void views.push(view),
    },
    store,
    async (ms) => {
      pausesMs.push(ms);
      elapsedMs += ms;
      turn += 1;
      if (turn === turns.length) over.abort(new Error("the end of the test"));
      over.signal.throwIfAborted();
    },
  );
  return { monitor, store, lines, calls, pausesMs, views, run: () => monitor.run(spec, over.signal) };
}

describe("the activity monitor", () => {
  it("MON-5, MON-6: connects once, looks every half second, and closes in the end", async () => {
    const { run, calls, pausesMs, views, lines } = monitored([quiet, quiet, quiet]);
    await run();
    assert.deepEqual(calls, ["open", "read", "read", "read", "close"]);
    assert.deepEqual(pausesMs, [500, 500, 500]);
    assert.deepEqual(
      views.map(({ found, currentDowntimeMs }) => [found, currentDowntimeMs]),
      Array.from({ length: 3 }, () => ["none", 0]),
    );
    assert.deepEqual(lines, []);
  });

  it("LIFE-34: keeps no session for long, for which a Postgres that is told SIGTERM would wait", async () => {
    const { run, calls, views } = monitored(Array.from({ length: 13 }, () => quiet));
    await run();
    const reads = (count: number): readonly string[] => Array.from({ length: count }, () => "read");
    assert.deepEqual(calls, ["open", ...reads(11), "close", "open", ...reads(2), "close"]);
    assert.ok(views.every(({ found, totalDowntimeMs }) => found === "none" && totalDowntimeMs === 0));
  });

  it("MON-12: publishes activity to the compute, and the view says what it was", async () => {
    const { run, store, monitor } = monitored([quiet, busy]);
    assert.deepEqual([monitor.view().found, store.view().lastActiveMicros], [null, null]);
    await run();
    assert.equal(store.view().lastActiveMicros, busy.nowMicros);
    assert.deepEqual(monitor.view(), {
      lastActiveMicros: busy.nowMicros,
      found: "active-session",
      checkedAt: new Date(10_500),
      currentDowntimeMs: 0,
      totalDowntimeMs: 0,
    });
  });

  it("MON-7, MON-14, MON-17: tells of an outage, looks less and less often, and counts it until the first success", async () => {
    const { run, views, pausesMs, lines, calls } = monitored([
      quiet,
      new SqlError("terminated", "57P01"),
      "refused",
      "refused",
      "refused",
      quiet,
      quiet,
    ]);
    await run();
    assert.deepEqual(pausesMs, [500, 500, 1000, 2000, 2000, 500, 500]);
    assert.deepEqual(
      views.map(({ found, currentDowntimeMs, totalDowntimeMs }) => [found, currentDowntimeMs, totalDowntimeMs]),
      [
        ["none", 0, 0],
        ["unreachable", 500, 500],
        ["unreachable", 1000, 1000],
        ["unreachable", 2000, 2000],
        ["unreachable", 4000, 4000],
        ["none", 0, 6000],
        ["none", 0, 6000],
      ],
    );
    assert.equal(lines.length, 4);
    assert.match(lines[0] ?? "", /^info the connection that sees the activity of Postgres was closed: .*downtime_info/);
    for (const line of lines.slice(1)) assert.match(line, /^info could not connect .*downtime_info=\{"total_ms":\d+/);
    assert.deepEqual(calls.slice(0, 3), ["open", "read", "read"]);
  });

  it("MON-7: a check that fails is an error, and its session is not used again", async () => {
    const { run, lines, calls } = monitored([new Error("no number"), quiet]);
    await run();
    assert.match(lines[0] ?? "", /^error could not see the activity of Postgres: no number, downtime_info/);
    assert.deepEqual(calls, ["open", "read", "close", "open", "read", "close"]);
  });

  for (const order of ["terminate-fast", "terminate-immediate"] as const) {
    it(`MON-4: ends with ${order}, and counts and logs nothing`, async () => {
      const turns = [quiet, new SqlError("terminated", "57P01"), quiet];
      const { run, views, lines, calls } = monitored(turns, (turn, store) => {
        if (turn === 1) store.dispatch(order);
      });
      await run();
      assert.deepEqual(
        views.map(({ totalDowntimeMs }) => totalDowntimeMs),
        [0],
      );
      assert.deepEqual([lines, calls], [[], ["open", "read", "read", "close"]]);
    });
  }

  it("MON-4, MON-17: pauses while a reconfiguration has failed, without counting that, and goes on when it is mended", async () => {
    const { run, store, views, calls } = monitored([quiet, quiet, quiet], (turn, during) => {
      if (turn !== 1) return;
      for (const event of ["configure", "reconfigure", "reconfigure-failed"] as const) during.dispatch(event);
      setImmediate(() => {
        calls.push("mended");
        for (const event of ["refresh", "refresh-began", "refreshed"] as const) during.dispatch(event);
      });
    });
    await run();
    assert.equal(store.get().status, "running");
    assert.deepEqual(calls, ["open", "read", "read", "close", "mended"]);
    assert.ok(views.every(({ totalDowntimeMs }) => totalDowntimeMs === 0));
  });

  it("ends at once with its signal, and never rejects", async () => {
    const { monitor, calls } = monitored([quiet]);
    await monitor.run(spec, AbortSignal.abort(new Error("over")));
    assert.deepEqual(calls, []);
  });
});

describe("the rules of a spec (MON-2)", () => {
  it("count every change with the feature, and what customers add without it", () => {
    const rulesOf = (features: readonly string[]) =>
      activityRules(derived(configWith((spec) => Object.assign(spec, { features }))).spec);
    assert.deepEqual(rulesOf(["activity_monitor_experimental"]), { statistics: "any-change" });
    assert.deepEqual(rulesOf([]), { statistics: "rise" });
    assert.deepEqual(rulesOf(["a_flag_from_the_future"]), { statistics: "rise" });
  });
});
