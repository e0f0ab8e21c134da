import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseLogFilter } from "./filter.ts";
import { createLog } from "./log.ts";
import { logPanic } from "./panic.ts";

describe("an error that nobody caught (LIFE-88)", () => {
  const clock = { now: () => new Date(0), monotonicMs: () => 0 };
  const logged = (error: unknown): string => {
    const written: string[] = [];
    const write = (text: string): void => void written.push(text);
    logPanic(createLog({ write, filter: parseLogFilter(undefined), clock }), error, "main");
    return written.join("").replace(/^\S+ /, "");
  };

  it("is told with its thread, its place and its causes", () => {
    const error = new Error("outer", { cause: new Error("inner") });
    assert.match(
      logged(error),
      /^ERROR panic\{thread=main location=src\/logging\/panic\.test\.ts:\d+:\d+\}: outer: inner\n$/,
    );
  });

  it("is told without a place when it has none", () => {
    const error = new Error("x");
    error.stack = "Error: x";
    assert.equal(logged(error), "ERROR panic{thread=main}: x\n");
    assert.equal(logged("thrown text"), "ERROR panic{thread=main}: thrown text\n");
  });

  it("names the file alone when it is not one of ours", () => {
    const error = new Error("x");
    error.stack = "Error: x\n    at f (node:internal/timers:3:4)\n    at g (/a/b/c.js:5:6)";
    assert.equal(logged(error), "ERROR panic{thread=main location=timers:3:4}: x\n");
  });
});
