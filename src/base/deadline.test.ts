import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { DeadlineError, openUnlessAborted, sleep, unlessAborted, withDeadline } from "./deadline.ts";

const never = new AbortController().signal;
const forever = (): Promise<never> => new Promise(() => undefined);

describe("withDeadline", () => {
  it("hands out what the work returns or throws", async () => {
    assert.equal(await withDeadline("work", 60_000, never, async () => 5), 5);
    await assert.rejects(
      withDeadline("work", 60_000, never, () => Promise.reject(new Error("broken"))),
      /broken/,
    );
  });

  it("gives up on work that does not heed its signal, naming what it waited for", async () => {
    let reason: unknown;
    const late = withDeadline("connecting to sk-1", 1, never, (signal) => {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
      });
      return forever();
    });
    await assert.rejects(late, {
      name: "DeadlineError",
      message: "connecting to sk-1 took longer than 1 ms",
      code: "DEADLINE",
    });
    assert.ok(reason instanceof DeadlineError);
  });

  it("rejects with the signal's reason when that fires, before and during the work", async () => {
    const controller = new AbortController();
    const waiting = withDeadline("work", 60_000, controller.signal, forever);
    controller.abort(new Error("stopped"));
    await assert.rejects(waiting, /stopped/);
    let ran = false;
    const started = withDeadline("work", 60_000, controller.signal, async () => {
      ran = true;
    });
    await assert.rejects(started, /stopped/);
    assert.equal(ran, false);
  });
});

describe("unlessAborted", () => {
  it("waits for a promise until the signal fires, and leaves nothing on the signal", async () => {
    const controller = new AbortController();
    const listeners = (): number => getEventListeners(controller.signal, "abort").length;
    const done = unlessAborted(Promise.resolve(5), controller.signal);
    assert.equal(listeners(), 1);
    assert.equal(await done, 5);
    assert.equal(listeners(), 0);
    const waiting = unlessAborted(forever(), controller.signal);
    controller.abort(new Error("stopped"));
    await assert.rejects(waiting, /^Error: stopped$/);
    await assert.rejects(unlessAborted(forever(), controller.signal), /^Error: stopped$/);
  });
});

describe("sleep", () => {
  it("ends by itself, and at once with the signal's reason when that fires", async () => {
    await sleep(1, never);
    const controller = new AbortController();
    const sleeping = sleep(600_000, controller.signal);
    controller.abort(new Error("stopped"));
    await assert.rejects(sleeping, /^Error: stopped$/);
    await assert.rejects(sleep(0, controller.signal), /^Error: stopped$/);
  });
});

function door() {
  const closed = Promise.withResolvers<void>();
  return { closed: closed.promise, close: async () => closed.resolve() };
}

describe("openUnlessAborted", () => {
  it("gives what was opened, and leaves it open", async () => {
    const opened = door();
    assert.equal(await openUnlessAborted(Promise.resolve(opened), new AbortController().signal), opened);
    assert.equal(await Promise.race([opened.closed.then(() => "closed"), Promise.resolve("open")]), "open");
  });

  it("stops waiting when the signal fires, and closes what comes about all the same", async () => {
    const given = new AbortController();
    const opening = Promise.withResolvers<ReturnType<typeof door>>();
    const waiting = openUnlessAborted(opening.promise, given.signal);
    given.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
    const late = door();
    opening.resolve(late);
    await late.closed;
  });

  it("fails as the opening does, also after the signal has fired, when nobody hears of it", async () => {
    const given = new AbortController();
    await assert.rejects(openUnlessAborted(Promise.reject(new Error("locked")), given.signal), /locked/);
    const opening = Promise.withResolvers<ReturnType<typeof door>>();
    const waiting = openUnlessAborted(opening.promise, given.signal);
    given.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
    opening.reject(new Error("locked after all"));
  });
});
