import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { auditFileFate, isAuditFile, parseReadState } from "./audit-files.ts";

const minute = 60_000;
const path = "/pgdata/log/audit-1.log";

describe("auditFileFate", () => {
  const fate = (minutes: number, shipped: ReadonlyMap<string, number> | undefined, bytes = 100) =>
    auditFileFate({ path, bytes, idleMs: minutes * minute }, shipped);

  it("SVC-35: keeps a file for 15 minutes, and removes it then", () => {
    assert.equal(fate(15, new Map([[path, 100]])), "keep");
    assert.equal(fate(15.1, new Map([[path, 100]])), "remove");
  });

  it("SVC-T9: alarms for a file that is not shipped, and removes it only after an hour", () => {
    assert.equal(fate(16, new Map([[path, 99]])), "alarm");
    assert.equal(fate(16, new Map()), "alarm");
    assert.equal(fate(60, new Map()), "alarm");
    assert.equal(fate(61, new Map()), "lose");
  });

  it("SVC-T9: goes by age alone where shipping is not known of, and never alarms for an empty file", () => {
    assert.equal(fate(16, undefined), "remove");
    assert.equal(fate(16, new Map(), 0), "remove");
  });
});

describe("isAuditFile", () => {
  it("SVC-35: knows them by audit*.log", () => {
    assert.deepEqual(["audit-2031.log", "audit.log", "postgres.log", "audit-1.log.gz", "xaudit.log"].map(isAuditFile), [
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("parseReadState", () => {
  it("reads file and position, and does not count a record whose end is not seen", () => {
    const state = { filename: path, prev_was_nl: 0, curr_offs: 121, strt_offs: 121 };
    assert.deepEqual(parseReadState(JSON.stringify(state)), { path, bytes: 121 });
    assert.deepEqual(parseReadState(JSON.stringify({ ...state, prev_msg_segment: "2031" })), { path, bytes: 120 });
  });

  it("has nothing to say of anything else", () => {
    for (const text of [
      "",
      "{",
      "null",
      "[]",
      "{}",
      '{"filename":1,"curr_offs":2}',
      '{"filename":"a","curr_offs":"2"}',
    ]) {
      assert.equal(parseReadState(text), undefined, text);
    }
  });
});
