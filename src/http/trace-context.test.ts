import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { givenTrace } from "./trace-context.ts";

const [trace, span] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
const good = `00-${trace}-${span}-01`;

describe("givenTrace", () => {
  it("reads the trace of a request, and joins several tracestates (HTTP-15)", () => {
    assert.deepEqual(givenTrace(["Traceparent", good]), { traceparent: good });
    const headers = ["traceparent", good, "tracestate", "a=1", "TraceState", "b=2"];
    assert.deepEqual(givenTrace(headers), { traceparent: good, tracestate: "a=1,b=2" });
    const later = `01-${trace}-${span}-01-more`;
    assert.deepEqual(givenTrace(["traceparent", later]), { traceparent: good }, "read as version 00");
  });

  const bad: readonly [what: string, traceparent: string][] = [
    ["an empty one", ""],
    ["version ff", `ff-${trace}-${span}-01`],
    ["trace 0", `00-${"0".repeat(32)}-${span}-01`],
    ["span 0", `00-${trace}-${"0".repeat(16)}-01`],
    ["capitals", good.toUpperCase()],
    ["version 00 with more behind it", `${good}-more`],
    ["a short one", good.slice(0, -1)],
    ["something else", "GET / HTTP/1.1"],
  ];
  for (const [what, traceparent] of bad) {
    it(`takes ${what} for none`, () => assert.equal(givenTrace(["traceparent", traceparent]), undefined));
  }

  it("takes two for none, and leaves a tracestate out that is too long, not ASCII, or alone", () => {
    assert.equal(givenTrace(["traceparent", good, "traceparent", good]), undefined);
    assert.equal(givenTrace(["tracestate", "a=1"]), undefined);
    for (const state of [`a=${"x".repeat(511)}`, "a=é", ""]) {
      assert.deepEqual(givenTrace(["traceparent", good, "tracestate", state]), { traceparent: good });
    }
  });
});
