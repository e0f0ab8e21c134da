import assert from "node:assert/strict";
import { test } from "node:test";
import { shareSteps } from "./share-steps.ts";
import type { SystemStep } from "./step.ts";

const owner = (name: string): SystemStep => ({ kind: "set-database-owner", name, owner: "o", why: "" });
const finish = (name: string): SystemStep => ({
  kind: "finish-database",
  name,
  grantee: "p",
  connectionLimit: -1,
  why: "",
});

test("steps that depend on each other stay together", () => {
  const steps = [owner("a"), finish("b")];
  assert.deepEqual(shareSteps(steps, "strict"), [steps]);
});

test("steps about one database stay together and in order, whatever lies between", () => {
  assert.deepEqual(shareSteps([owner("a"), owner("b"), finish("a")], "by database"), [
    [owner("a"), finish("a")],
    [owner("b")],
  ]);
});

test("free steps are dealt out in batches, none twice and none left out", () => {
  const steps = Array.from({ length: 120 }, (_, index) => owner(String(index)));
  const shares = shareSteps(steps, "free");
  assert.deepEqual(
    shares.map(({ length }) => length),
    [50, 50, 20],
  );
  assert.deepEqual(shares.flat(), steps);
});
