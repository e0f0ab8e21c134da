import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createLogJoiner } from "./log-joiner.ts";

const stamp = "2031-04-05 06:07:08.123 UTC [41] ";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function joinAll(chunks: readonly Uint8Array[]): readonly string[] {
  const joiner = createLogJoiner();
  return [...chunks.flatMap((chunk) => joiner.push(chunk, 0)), ...joiner.flush()];
}

describe("the joiner of Postgres's log (LIFE-87, CONF-72)", () => {
  it("ends a record where a line starts with a timestamp, and when no line came for 100 ms", () => {
    const joiner = createLogJoiner();
    assert.equal(joiner.dueAtMs(), undefined);
    assert.deepEqual(joiner.push(bytes(`${stamp}ERROR:  a\n`), 1000), []);
    assert.deepEqual(joiner.push(bytes("\tb\n"), 1010), []);
    assert.deepEqual(joiner.push(bytes(`${stamp}LOG:  c\n`), 1020), [`${stamp}ERROR:  a\u200b\tb`]);
    assert.equal(joiner.dueAtMs(), 1120);
    assert.deepEqual(joiner.tick(1119), []);
    assert.deepEqual(joiner.tick(1120), [`${stamp}LOG:  c`]);
    assert.equal(joiner.dueAtMs(), undefined);
    assert.deepEqual(joiner.flush(), []);
  });

  it("makes two records of lines with a gap between them", () => {
    const joiner = createLogJoiner();
    assert.deepEqual(joiner.push(bytes("x\n"), 0), []);
    assert.deepEqual(joiner.tick(100), ["x"]);
    assert.deepEqual(joiner.push(bytes("y\n"), 150), []);
    assert.deepEqual(joiner.flush(), ["y"]);
  });

  it("does not take a piece of a line for a line", () => {
    const joiner = createLogJoiner();
    joiner.push(bytes("x\n"), 0);
    joiner.push(bytes("unfinished"), 90);
    assert.equal(joiner.dueAtMs(), 100);
    assert.deepEqual(joiner.tick(100), ["x"]);
    assert.deepEqual(joiner.flush(), ["unfinished"]);
  });

  const vectors = [
    ["x\n\ny\r\n", ["x\u200b\u200by"]],
    ["x\n2031-04-05T06:07:08 z\n", ["x\u200b2031-04-05T06:07:08 z"]],
    [`${stamp}a\n${stamp}b`, [`${stamp}a`, `${stamp}b`]],
    ["", []],
    ["\ufeffx\n", ["\ufeffx"]],
  ] as const;
  for (const [text, records] of vectors) {
    it(`joins ${JSON.stringify(text)} to ${JSON.stringify(records)}`, () =>
      assert.deepEqual(joinAll([bytes(text)]), records));
  }

  it("replaces invalid UTF-8 and goes on (T-17, CONF-T16)", () => {
    const chunks = [Uint8Array.of(0x61, 0xff, 0x62, 0x0a), bytes(`${stamp}next\n`), Uint8Array.of(0xe2, 0x82)];
    assert.deepEqual(joinAll(chunks), ["a\ufffdb", `${stamp}next\u200b\ufffd`]);
  });

  it("gives the same records however the bytes are split", () => {
    const text = `${stamp}ERROR:  ä€😀\r\n\tmore\n${stamp}LOG:  b\n\nplain\n`;
    const all = bytes(text);
    const whole = joinAll([all]);
    fc.assert(
      fc.property(fc.array(fc.nat(all.length), { maxLength: 20 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), all.length];
        const chunks = at.slice(1).map((end, index) => all.subarray(at[index], end));
        assert.deepEqual(joinAll(chunks), whole);
      }),
    );
  });

  it("cuts a record at 65,536 characters, between lines where it can (T-17)", () => {
    const line = "x".repeat(9_999);
    const records = joinAll([bytes(`${line}\n`.repeat(14))]);
    assert.deepEqual(
      records.map((record) => record.length),
      [59_999, 59_999, 19_999],
    );
    assert.equal(records.join("\u200b"), Array(14).fill(line).join("\u200b"));
  });

  it("cuts a line that never ends, without holding more than a record, and between whole characters", () => {
    const joiner = createLogJoiner();
    const records = [...joiner.push(bytes(`${stamp}a\n`), 0)];
    const piece = bytes("😀".repeat(10_001));
    for (let i = 0; i < 10; i++) records.push(...joiner.push(piece, 0));
    records.push(...joiner.push(bytes("x"), 0), ...joiner.flush());
    assert.deepEqual(
      records.map((record) => record.length),
      [`${stamp}a`.length, 65_536, 65_536, 65_536, 3_413],
    );
    assert.equal(records.join("").replaceAll("😀", ""), `${stamp}ax`);
  });

  it("joins a burst of 100,000 lines completely", () => {
    const burst = Array.from({ length: 50_000 }, (_, index) => `${stamp}LOG:  ${index}\n\tdetail ${index}\n`).join("");
    const all = bytes(burst);
    const chunks = Array.from({ length: Math.ceil(all.length / 65_536) }, (_, index) =>
      all.subarray(index * 65_536, (index + 1) * 65_536),
    );
    const records = joinAll(chunks);
    assert.equal(records.length, 50_000);
    assert.ok(records.every((record, index) => record === `${stamp}LOG:  ${index}\u200b\tdetail ${index}`));
  });
});
