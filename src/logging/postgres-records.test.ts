import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createPostgresLog, postgresJsonRecords, postgresRecords } from "./postgres-records.ts";

const prefix = "2031-04-05 06:07:08.123 UTC [41] ";

describe("records of Postgres's log (LIFE-87)", () => {
  it("are prefixed lines, those of one chunk one text", () => {
    assert.equal(postgresRecords(["a\u200b\tb", "c"]), "PG:a\u200b\tb\nPG:c\n");
    assert.equal(postgresRecords([]), "");
  });

  it("lose what looks like a secret, and nothing else", () => {
    const records = ["LOG:  statement: CREATE ROLE r PASSWORD 's3cret'", "LOG:  statement: SELECT 1"];
    assert.equal(
      postgresRecords(records),
      "PG:LOG:  statement: CREATE ROLE r PASSWORD [hidden]\nPG:LOG:  statement: SELECT 1\n",
    );
  });

  it("are one write per chunk in either format", () => {
    const clock = { now: () => new Date(0), monotonicMs: () => 0 };
    const written: string[] = [];
    const write = (text: string): void => void written.push(text);
    createPostgresLog({ write, clock, format: "text" })(["a", "b"]);
    createPostgresLog({ write, clock, format: "json" })(["a", "b"]);
    assert.deepEqual(written, ["PG:a\nPG:b\n", postgresJsonRecords(["a", "b"], 0)]);
  });
});

describe("records of Postgres's log in JSON", () => {
  const rows = [
    ["LOG", "INFO"],
    ["WARNING", "WARN"],
    ["ERROR", "ERROR"],
    ["FATAL", "ERROR"],
    ["PANIC", "ERROR"],
    ["DEBUG2", "DEBUG"],
    ["STATEMENT", "INFO"],
  ] as const;
  for (const [severity, level] of rows) {
    it(`make ${severity} the level ${level}`, () => {
      const line = postgresJsonRecords([`${prefix}${severity}:  it is\u200b\tso, ERROR:  not this`], 9);
      assert.deepEqual(JSON.parse(line), {
        timestamp: "1970-01-01T00:00:00.000009Z",
        level,
        source: "postgres",
        severity,
        message: `${prefix}${severity}:  it is\n\tso, ERROR:  not this`,
      });
    });
  }

  it("have no severity where Postgres wrote none", () => {
    for (const record of ["plain output", "CATALOG:  x", `ERROR: one blank`, `${"x".repeat(600)} ERROR:  far off`]) {
      const { severity, level } = JSON.parse(postgresJsonRecords([record], 0));
      assert.deepEqual([severity, level], [null, "INFO"], record);
    }
  });
});
