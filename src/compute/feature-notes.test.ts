import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Log } from "../base/log.ts";
import { createFeatureNotes } from "./feature-notes.ts";
import { configWith } from "./test-world.ts";

function notes() {
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const log: Log = { debug: note, info: note, warn: note, error: note, span: () => log };
  const tell = createFeatureNotes(log);
  const told = (...features: readonly string[]): readonly string[] => {
    const { spec } = configWith((members) => {
      members["features"] = features;
    });
    assert.ok(spec !== null);
    tell(spec);
    return lines.splice(0);
  };
  return { told };
}

describe("features of the spec (SPEC-60)", () => {
  it("are told when they are switched on, and when that changes", () => {
    const { told } = notes();
    assert.deepEqual(told(), []);
    assert.deepEqual(told("tls_experimental"), ["features switched on: tls_experimental"]);
    assert.deepEqual(told("tls_experimental", "tls_experimental"), []);
    assert.deepEqual(told(), ["no features are switched on any more"]);
  });

  it("are ignored when they are unknown, which is told once for each", () => {
    const { told } = notes();
    assert.deepEqual(told("a", "b", "a"), ["unknown features are ignored: a, b"]);
    assert.deepEqual(told("b", "a"), []);
    assert.deepEqual(told("c", "a"), ["unknown features are ignored: c"]);
  });
});
