import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { readAssignment } from "./conf-text.ts";
import { setting } from "./sample-spec.ts";
import { renderSetting, settingFlaw } from "./setting-line.ts";

interface Vector {
  readonly input: { readonly name: string; readonly value: string | null; readonly vartype: string };
  readonly output: string;
}

const vectors: { readonly setting_line: readonly Vector[] } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/quoting/vectors.json", import.meta.url), "utf8"),
);
// Values that would break the line they stand on; here they are quoted (CONF-T3).
const quotedHere: ReadonlyMap<string, string> = new Map([
  ["x.y = it's", "x.y = 'it''s'"],
  ["x.y = ", "x.y = ''"],
]);

for (const { input, output } of vectors.setting_line) {
  test(`CONF-14, SPEC-51: ${JSON.stringify(input)} gives the line of the vectors`, () => {
    assert.equal(renderSetting(input), quotedHere.get(output) ?? output);
  });
}

test("CONF-T3, chapter 02 trap 8: no value of any type can add a line, and Postgres reads it back as it was", () => {
  const value = "on\nshared_preload_libraries = 'evil' # \\ it's";
  for (const vartype of ["string", "bool", "integer"]) {
    const line = renderSetting(setting("fsync", value, vartype));
    assert.equal(line.includes("\n"), false);
    assert.deepEqual(readAssignment(line), { name: "fsync", value });
  }
});

test("CONF-T3: numbers, units, fractions and words stay bare", () => {
  for (const value of ["-1", "0x1F", "8MB", "1.1", ".5", "1.5e-3", "scram-sha-256", "pg_catalog.english", "0"]) {
    assert.equal(renderSetting(setting("a", value, "integer")), `a = ${value}`);
  }
  for (const value of ["1.5GB", "100%", "*", "a b", "a,b", "#", "--1"]) {
    assert.equal(renderSetting(setting("a", value, "integer")), `a = '${value}'`);
  }
});

test("CONF-T2: a setting without a value, with a zero byte or with a broken name has a flaw", () => {
  assert.equal(settingFlaw(setting("work_mem", "8MB")), undefined);
  assert.equal(settingFlaw(setting("neon.x", "")), undefined);
  assert.match(settingFlaw(setting("work_mem", null)) ?? "", /no value/);
  assert.match(settingFlaw(setting("work_mem", "8\0MB")) ?? "", /zero byte/);
  for (const name of ["", "a b", "a\nb", "1a", "a.", "a=b", "#a", "a'b"]) {
    assert.match(settingFlaw(setting(name, "1")) ?? "", /name/, name);
  }
});
