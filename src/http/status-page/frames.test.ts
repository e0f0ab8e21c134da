import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { changedSections, frame, sectionTexts } from "./frames.ts";
import { pageOf } from "./page-of.ts";
import { emptyViews } from "./test-views.ts";

describe("the events of the status page (HTTP-84)", () => {
  it("are one line of data each, whatever is in it, and end with an empty line", () => {
    const lines = ["one\ntwo\r\nthree", "event: end", "", "\u2028"];
    const text = frame("log", { atMs: 5, skipped: 0, lines });
    const [event, data, ...rest] = text.split("\n");
    assert.equal(event, "event: log");
    assert.deepEqual(rest, ["", ""]);
    assert.doesNotMatch(text, /\r/);
    assert.deepEqual(JSON.parse(data?.replace(/^data: /, "") ?? ""), { atMs: 5, skipped: 0, lines });
  });

  it("hold the sections that have changed, and no other", () => {
    const before = pageOf(emptyViews);
    const { status } = emptyViews;
    const after = pageOf({ ...emptyViews, status: { ...status, error: "no room" } });
    const [texts, newTexts] = [sectionTexts(before), sectionTexts(after)];
    const sections = changedSections(after, texts, newTexts);
    assert.deepEqual(Object.keys(sections ?? {}), ["overview"]);
    assert.equal(sections?.overview?.error, "no room");
    assert.equal(changedSections(before, texts, sectionTexts(pageOf(emptyViews))), undefined);
  });
});
