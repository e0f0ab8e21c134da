import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { confValue } from "../base/quoting.ts";
import { lastValueOf, readAssignment } from "./conf-text.ts";

test("an assignment is read in each way that Postgres accepts it", () => {
  const read = { name: "work_mem", value: "8MB" };
  for (const line of [
    "work_mem=8MB",
    "work_mem = '8MB'",
    "  work_mem 8MB # comment",
    "work_mem'8MB'",
    "\twork_mem =\t'8MB'#x\r",
  ]) {
    assert.deepEqual(readAssignment(line), read, line);
  }
});

test("a line that assigns nothing is no assignment", () => {
  for (const line of [
    "",
    "   ",
    "# work_mem = 1",
    "work_mem",
    "work_mem =",
    "= 1",
    "a = 'open",
    "a = 'b' c",
    "9a = 1",
  ]) {
    assert.equal(readAssignment(line), undefined, line);
  }
});

test("escapes in a quoted value are decoded", () => {
  assert.equal(readAssignment(String.raw`a = 'it''s \t\\\101\q'`)?.value, "it's \t\\Aq");
});

test("whatever is quoted for postgresql.conf is read back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      assert.deepEqual(readAssignment(`neon.x = ${confValue(value)}`), { name: "neon.x", value });
    }),
  );
});

test("the last assignment of a setting counts, in any case of letters", () => {
  const text = "port = 1\nPORT = 2\n# port = 3\nports = 4\n";
  assert.equal(lastValueOf(text, "port"), "2");
  assert.equal(lastValueOf(text, "work_mem"), undefined);
});
