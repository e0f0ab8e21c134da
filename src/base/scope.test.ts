import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Log } from "./log.ts";
import { withScope } from "./scope.ts";

function collectingLog(warnings: string[]): Log {
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => {
      warnings.push(message);
    },
    error: () => undefined,
    span: () => log,
  };
  return log;
}

describe("withScope", () => {
  it("lets go in the reverse order of opening, after the body, and returns the body's value", async () => {
    const order: string[] = [];
    const value = await withScope(collectingLog([]), async (onExit) => {
      onExit("close a", () => {
        order.push("a");
      });
      onExit("close b", async () => {
        await Promise.resolve();
        order.push("b");
      });
      order.push("body");
      return 5;
    });
    assert.equal(value, 5);
    assert.deepEqual(order, ["body", "b", "a"]);
  });

  it("lets go when the body fails, and the body's error stays the one that is thrown", async () => {
    const warnings: string[] = [];
    const order: string[] = [];
    const failing = withScope(collectingLog(warnings), async (onExit) => {
      onExit("close a", () => {
        order.push("a");
      });
      onExit("close b", () => {
        throw new Error("already gone");
      });
      throw new Error("body failed");
    });
    await assert.rejects(failing, /body failed/);
    assert.deepEqual(order, ["a"]);
    assert.deepEqual(warnings, ["could not close b: already gone"]);
  });

  it("goes on to the next release when one takes too long", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const warnings: string[] = [];
    const order: string[] = [];
    const hanging = Promise.withResolvers<void>();
    const scope = withScope(collectingLog(warnings), async (onExit) => {
      onExit("close a", () => {
        order.push("a");
      });
      onExit("close b", () => {
        hanging.resolve();
        return new Promise(() => undefined);
      });
    });
    await hanging.promise;
    t.mock.timers.tick(10_000);
    await scope;
    assert.deepEqual(order, ["a"]);
    assert.deepEqual(warnings, ["gave up waiting: close b took longer than 10000 ms"]);
  });
});
