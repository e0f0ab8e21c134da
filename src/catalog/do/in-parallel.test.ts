import assert from "node:assert/strict";
import { test } from "node:test";
import { inParallel } from "./in-parallel.ts";

test("no more items are worked on at once than allowed, and results keep the order (APPLY-20)", async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel([3, 1, 2, 5, 4], 2, async (item) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < item; turn++) await Promise.resolve();
    running -= 1;
    return item * 10;
  });
  assert.deepEqual(results, [30, 10, 20, 50, 40]);
  assert.equal(most, 2);
});

test("after a failure nothing is begun, and the first error in item order is thrown (APPLY-45)", async () => {
  const begun: string[] = [];
  const slow = Promise.withResolvers<void>();
  const run = inParallel(["a", "b", "c"], 2, async (item) => {
    begun.push(item);
    if (item === "a") await slow.promise;
    slow.resolve();
    throw new Error(item);
  });
  await assert.rejects(run, { message: "a" });
  assert.deepEqual(begun, ["a", "b"]);
});
