import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePostgresVersion, versionNumber } from "./version.ts";

describe("the version as a number (SK-32)", () => {
  for (const [version, number] of [
    ["17.5", 170005],
    ["17.10", 170010],
    ["16beta2", 160000],
    ["18devel", 180000],
  ] as const) {
    it(`is ${number} for ${version}`, () => {
      assert.equal(versionNumber({ major: Math.floor(number / 10_000), version }), number);
    });
  }
});

describe("the version of Postgres (CLI-5)", () => {
  const good = [
    ["postgres (PostgreSQL) 17.10 (Debian 17.10-1.pgdg13+1)\n", 17, "17.10"],
    ["postgres (PostgreSQL) 14.18", 14, "14.18"],
    ["PostgreSQL 16beta2", 16, "16beta2"],
    ["PostgreSQL 18.1", 18, "18.1"],
    ["PostgreSQL 15devel", 15, "15devel"],
    // EXT-3's vectors.
    ["PostgreSQL 15.4", 15, "15.4"],
    ["PostgreSQL 16devel", 16, "16devel"],
    ["PostgreSQL 17rc1", 17, "17rc1"],
  ] as const;
  for (const [text, major, version] of good) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parsePostgresVersion(text), { ok: true, value: { major, version } });
    });
  }

  const bad = [
    ["PostgreSQL 13.14", /PostgreSQL 13.14; versions 14 to 18/],
    ["PostgreSQL 13.9", /PostgreSQL 13.9; versions 14 to 18/],
    ["PostgreSQL 19devel", /PostgreSQL 19devel; versions/],
    ["PostgreSQL 9.6.24", /PostgreSQL 9.6.24; versions/],
    ["GNU bash, version 5.2", /where a version of PostgreSQL was expected/],
    ["", /where a version/],
  ] as const;
  for (const [text, why] of bad) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const parsed = parsePostgresVersion(text);
      assert.ok(!parsed.ok);
      assert.match(parsed.message, why);
    });
  }
});
