import assert from "node:assert/strict";
import { it } from "node:test";
import { createSlots } from "./slots.ts";

const never = new AbortController().signal;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("lets so many in at a time, the others in order, and turns away those beyond", async () => {
  const slots = createSlots(1, 2);
  const entered: string[] = [];
  const enter = async (name: string) => {
    const free = await slots.take(never);
    entered.push(name);
    return free;
  };
  const first = await enter("a");
  const [second, third] = [enter("b"), enter("c")];
  await assert.rejects(slots.take(never), /1 are at work and 2 wait already/);
  await turn();
  assert.deepEqual(entered, ["a"]);
  first();
  first();
  await turn();
  assert.deepEqual(entered, ["a", "b"]);
  (await second)();
  (await third)();
  (await enter("d"))();
  assert.deepEqual(entered, ["a", "b", "c", "d"]);
});

it("forgets whoever does not want to wait any more, even at the moment of their turn", async () => {
  const slots = createSlots(1, 2);
  const first = await slots.take(never);
  const gone = new AbortController();
  const waiting = slots.take(gone.signal);
  const next = slots.take(never);
  gone.abort(new Error("gone"));
  first();
  await assert.rejects(waiting, /gone/);
  const free = await next;
  const atOnce = new AbortController();
  const late = slots.take(atOnce.signal);
  free();
  atOnce.abort(new Error("gone"));
  await late.then(
    (mine) => mine(),
    () => {},
  );
  (await slots.take(never))();
});
