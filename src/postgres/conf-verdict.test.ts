import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { confProblems } from "./conf-verdict.ts";

const prefix = "2026-11-27 03:03:59.036 GMT [27565] ";

function problemsOf(...lines: readonly string[]) {
  return confProblems(lines.map((line) => `${prefix}${line}\n`).join(""));
}

describe("confProblems (chapter 04 §14.1)", () => {
  it("keeps the line that Postgres names", () => {
    assert.deepEqual(
      problemsOf(
        'LOG:  skipping missing configuration file "/d/postgresql.auto.conf"',
        `LOG:  syntax error in file "/d/postgresql.conf" line 6, near token "'"`,
        'LOG:  unrecognized configuration parameter "foo_bar" in file "/d/postgresql.conf" line 3',
        'FATAL:  configuration file "/d/postgresql.conf" contains errors',
      ),
      [
        { line: 6, setting: null, message: `syntax error near token "'"`, hint: null },
        { line: 3, setting: "foo_bar", message: 'unrecognized configuration parameter "foo_bar"', hint: null },
      ],
    );
  });

  it("keeps the setting where Postgres names no line, and the hint behind it", () => {
    assert.deepEqual(
      problemsOf(
        'LOG:  70000 is outside the valid range for parameter "port" (1 .. 65535)',
        'LOG:  invalid value for parameter "wal_level": "nope"',
        "HINT:  Available values: minimal, replica, logical.",
      ),
      [
        {
          line: null,
          setting: "port",
          message: '70000 is outside the valid range for parameter "port" (1 .. 65535)',
          hint: null,
        },
        {
          line: null,
          setting: "wal_level",
          message: 'invalid value for parameter "wal_level": "nope"',
          hint: "Available values: minimal, replica, logical.",
        },
      ],
    );
  });

  it("keeps a fatal error that has nothing to do with the text", () => {
    assert.deepEqual(
      problemsOf('FATAL:  data directory "/tmp" has wrong ownership').map(({ message }) => message),
      ['data directory "/tmp" has wrong ownership'],
    );
    assert.deepEqual(confProblems("neither here nor there\n"), []);
  });
});
