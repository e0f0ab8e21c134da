import assert from "node:assert/strict";
import { it } from "node:test";
import { once } from "./once.ts";

it("once makes its value on the first call and only then, also when that is undefined", () => {
  let made = 0;
  const get = once(() => {
    made += 1;
    return undefined;
  });
  assert.equal(made, 0);
  assert.equal(get(), undefined);
  get();
  assert.equal(made, 1);
});

it("once tries again after a call that threw", () => {
  let calls = 0;
  const get = once(() => {
    calls += 1;
    if (calls === 1) throw new Error("not yet");
    return calls;
  });
  assert.throws(get, /not yet/);
  assert.equal(get(), 2);
});
