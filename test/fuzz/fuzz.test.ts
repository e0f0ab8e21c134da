import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../simulation/random.ts";
import { casesPerTarget, playCase, type Violation } from "./fuzz.ts";
import { bytesTarget, type FuzzTarget, textTarget } from "./target.ts";
import { fuzzTargets } from "./targets.ts";

/** `npm run fuzz` plays a million. */
const count = 12_000;
const seed = 1;

async function violationsOf(target: FuzzTarget, cases: number): Promise<readonly Violation[]> {
  const found: Violation[] = [];
  for (let number = 0; number < cases; number += 1) {
    const violation = await playCase(target, seed, number);
    if (violation !== undefined) found.push(violation);
  }
  return found;
}

describe("random and changed inputs", () => {
  for (const [target, cases] of casesPerTarget(fuzzTargets, count)) {
    it(`${target.name}: ${cases} of them neither crash it, nor hold it up, nor make it ask for much memory`, async () => {
      assert.deepEqual(await violationsOf(target, cases), []);
    });
  }

  it("begin with good ones: every decoder takes its samples", async () => {
    for (const target of fuzzTargets) {
      for (const sample of target.samples) await target.run(sample, new Random(1));
    }
  });
});

describe("the fuzzer", () => {
  const sample = Buffer.from("good");

  it("finds out a crash, and plays it again", async () => {
    const fragile = textTarget("fragile", ["good"], (text) => {
      if (!text.startsWith("g")) throw new TypeError("cannot read properties of undefined");
    });
    const [first] = await violationsOf(fragile, 200);
    assert.ok(first !== undefined);
    assert.match(first.what, /^threw TypeError: cannot read/);
    assert.deepEqual((await playCase(fragile, seed, first.number))?.input, first.input);
  });

  it("takes the refusals of a decoder for what they are", async () => {
    const strict = bytesTarget("strict", [sample], () => assert.fail("no"), [assert.AssertionError]);
    assert.deepEqual(await violationsOf(strict, 50), []);
  });

  it("finds out what asks for too much memory, which it does not get", async () => {
    const greedy = bytesTarget("greedy", [sample], (bytes) => Buffer.alloc(bytes[0] === 0x67 ? 8 : 1 << 30));
    const [first] = await violationsOf(greedy, 200);
    assert.equal(first?.what, `asked for ${1 << 30} bytes at once`);
  });

  it("finds out what takes long", async () => {
    const slow = bytesTarget("slow", [sample], () => {
      const endMs = performance.now() + 1_100;
      while (performance.now() < endMs);
    });
    assert.match((await playCase(slow, seed, 0))?.what ?? "", /^took \d+ ms$/);
  });
});
