import assert from "node:assert/strict";
import { test } from "node:test";
import { batchSteps } from "./batch.ts";
import type { Step } from "./step.ts";

const drop = (name: string): Step => ({ kind: "drop-role", name, why: "" });
const create = (name: string): Step => ({
  kind: "create-database",
  name,
  owner: "o",
  options: [],
  copyOf: null,
  why: "",
});

test("at most fifty steps go into one batch, in order", () => {
  const steps = Array.from({ length: 250 }, (_, index) => drop(`r${index}`));
  const batches = batchSteps(steps);
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [50, 50, 50, 50, 50],
  );
  assert.deepEqual(batches.flat(), steps);
});

test("what cannot run inside a transaction runs alone", () => {
  const steps = [drop("a"), drop("b"), create("c"), create("d"), drop("e")];
  assert.deepEqual(batchSteps(steps), [[drop("a"), drop("b")], [create("c")], [create("d")], [drop("e")]]);
});

test("no steps make no batch", () => {
  assert.deepEqual(batchSteps([]), []);
});
