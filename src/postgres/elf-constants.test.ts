import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { constantsIn, elfHeaderBytes, sectionTableOf } from "./elf-constants.ts";

const own = readFileSync("/proc/self/exe");

describe("the constants of an ELF file", () => {
  it("are found in the program that runs this test", () => {
    const table = sectionTableOf(own.subarray(0, elfHeaderBytes));
    assert.ok(table !== undefined);
    const constants = constantsIn(own.subarray(table.start, table.start + table.size));
    const texts = constants.map(({ start, size }) => own.subarray(start, start + size));
    assert.ok(texts.some((text) => text.includes("node::")));
    const sizes = constants.map(({ size }) => size);
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => b - a),
    );
  });

  it("are unknown for another kind of file, and for half a header", () => {
    const header = own.subarray(0, elfHeaderBytes);
    assert.equal(sectionTableOf(header.subarray(0, elfHeaderBytes - 1)), undefined);
    assert.equal(sectionTableOf(Buffer.alloc(elfHeaderBytes)), undefined);
    const of32Bits = Buffer.from(header);
    of32Bits[4] = 1;
    assert.equal(sectionTableOf(of32Bits), undefined);
    const withoutSections = Buffer.from(header);
    withoutSections.writeUInt16LE(0, 60);
    assert.equal(sectionTableOf(withoutSections), undefined);
  });

  it("are those that a table holds as a whole", () => {
    assert.deepEqual(constantsIn(Buffer.alloc(200)), []);
    assert.deepEqual(constantsIn(Buffer.alloc(0)), []);
  });
});
