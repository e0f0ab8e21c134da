import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ServiceView } from "../service-view.ts";
import { type Attempt, createSupervisor } from "./supervisor.ts";

function supervised(work: (wish: string, attempt: Attempt) => Promise<void>) {
  const states: string[] = [];
  let ms = 0;
  const supervisor = createSupervisor<string>("pgbouncer", work, {
    clock: { now: () => new Date(ms++), monotonicMs: () => 0 },
    changed: (before: ServiceView, after: ServiceView) => {
      if (after.state !== before.state) states.push(after.state);
    },
  });
  return { supervisor, states };
}

/** Ends only when it is called off. */
function stuck({ signal }: Attempt): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

describe("createSupervisor", () => {
  it("SVC-71: tells state, last error, retries and failures", async () => {
    const { supervisor, states } = supervised(async (wish, { retrying }) => {
      retrying(new Error("not yet"));
      if (wish === "bad") throw new Error("broken", { cause: new Error("deep") });
    });
    assert.equal(supervisor.view().state, "unused");
    await supervisor.want("good");
    assert.equal(supervisor.view().lastError, "not yet");
    await assert.rejects(supervisor.want("bad"), /broken/);
    const { state, lastError, retries, failures } = supervisor.view();
    assert.deepEqual(
      { state, lastError, retries, failures },
      {
        ...{ state: "failed", lastError: "broken: deep", retries: 2, failures: 1 },
      },
    );
    await supervisor.want("good");
    assert.deepEqual(states, ["configuring", "configured", "configuring", "failed", "configuring", "configured"]);
    assert.ok(Object.isFrozen(supervisor.view()));
  });

  it("SVC-T10: works on one wish at a time; the newest calls off the one before and takes its waiters along", async () => {
    const log: string[] = [];
    let busy = 0;
    const { supervisor } = supervised(async (wish, attempt) => {
      assert.equal(++busy, 1);
      log.push(`begin ${wish}`);
      try {
        if (wish === "first") await stuck(attempt);
        log.push(`done ${wish}`);
      } finally {
        busy -= 1;
      }
    });
    const first = supervisor.want("first");
    while (!log.includes("begin first")) await Promise.resolve();
    const all = [first, supervisor.want("second"), supervisor.want("third")];
    await Promise.all(all);
    assert.deepEqual(log, ["begin first", "begin third", "done third"]);
    assert.equal(supervisor.view().failures, 0);
  });

  it("SVC-T10: who is overtaken shares the newest one's failure", async () => {
    const { supervisor } = supervised(async (wish, attempt) => {
      if (wish === "first") await stuck(attempt);
      throw new Error(`cannot do ${wish}`);
    });
    const first = supervisor.want("first");
    const second = supervisor.want("second");
    await assert.rejects(second, /cannot do second/);
    await assert.rejects(first, /cannot do second/);
  });

  it("ends what goes on when it is closed, and refuses what comes later", async () => {
    const { supervisor } = supervised((_wish, attempt) => stuck(attempt));
    const running = supervisor.want("a");
    await Promise.resolve();
    await supervisor.close();
    await assert.rejects(running, /not looked after any more/);
    await assert.rejects(supervisor.want("b"), /not looked after any more/);
  });
});
