import assert from "node:assert/strict";
import { test } from "node:test";
import { atLeastOne, startConcurrency } from "./concurrency.ts";

const setting = (value: string) => [{ name: "max_connections", value, vartype: "integer" }];

test("V14: max_connections decides (APPLY-20, SPEC-62)", () => {
  const vectors: readonly (readonly [string, number])[] = [
    ["1", 1],
    ["9", 9],
    ["10", 10],
    ["29", 10],
    ["30", 10],
    ["99", 33],
    ["299", 99],
    ["300", 100],
    ["5000", 100],
    ["abc", 10],
  ];
  for (const [value, expected] of vectors) assert.equal(startConcurrency(setting(value), null), expected, value);
  assert.equal(startConcurrency([], null), 10);
  assert.equal(startConcurrency(null, null), 10);
});

test("V14: without the setting, the first usable line of postgresql_conf decides", () => {
  assert.equal(startConcurrency(null, "#max_connections = 7\nmax_connections= 60\nmax_connections = 300"), 20);
  assert.equal(startConcurrency(null, "max_connections = 'many'\nmax_connections = 90"), 30);
  assert.equal(startConcurrency(setting("30"), "max_connections = 300"), 10);
});

test("a concurrency of 0 makes progress (T3, chapter 02 trap 3)", () => {
  assert.equal(startConcurrency(setting("0"), null), 1);
  assert.equal(atLeastOne(0), 1);
  assert.equal(atLeastOne(7), 7);
});
