import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openUnlessAborted } from "./open-unless-aborted.ts";

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
