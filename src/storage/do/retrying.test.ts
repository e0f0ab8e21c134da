import assert from "node:assert/strict";
import { it } from "node:test";
import type { Log } from "../../base/log.ts";
import { withRetries } from "./retrying.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, span: () => silent };

it("MET-18: tells of each try but the first, also of the last one in vain", async () => {
  const { signal } = new AbortController();
  const seen: string[] = [];
  const retrying = { what: "work", pausesMs: [1, 1], log: silent, signal, onRetry: () => void seen.push("retry") };
  const failing = withRetries(retrying, async () => {
    seen.push("try");
    throw new Error("in vain");
  });
  await assert.rejects(failing, /in vain/);
  assert.deepEqual(seen, ["try", "retry", "try", "retry", "try"]);
  assert.equal(await withRetries(retrying, async () => 7), 7);
  assert.equal(seen.length, 5);
});
