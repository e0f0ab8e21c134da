import assert from "node:assert/strict";
import { it } from "node:test";
import { running, until } from "./test-world.ts";

it("looks for drift now and then while Postgres runs, and survives a look that fails", async () => {
  let looks = 0;
  const checkDrift = async (): Promise<void> => {
    looks += 1;
    if (looks === 1) throw new Error("no connection");
  };
  const { end } = await running({ catalog: { checkDrift } }, { driftCheckMs: 1 });
  await until(() => looks > 2);
  await end();
  const looked = looks;
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(looks, looked, "it ends with Postgres");
});

it("does not look when nobody asked for it", async () => {
  let looks = 0;
  const checkDrift = async (): Promise<void> => {
    looks += 1;
  };
  const { end } = await running({ catalog: { checkDrift } });
  await new Promise((resolve) => setTimeout(resolve, 10));
  await end();
  assert.equal(looks, 0);
});
