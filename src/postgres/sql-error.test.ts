import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectError, statementError } from "./sql-error.ts";

const report = Object.assign(new Error("relation is missing"), { severity: "ERROR", code: "42P01" });

describe("errors of sessions", () => {
  it("carry the server's SQLSTATE and its words", () => {
    const error = statementError(
      Object.assign(new Error("no"), { severity: "ERROR", code: "2BP01", detail: "d", hint: "h" }),
    );
    assert.deepEqual([error.code, error.message], ["2BP01", "db error: ERROR: no\nDETAIL: d\nHINT: h"]);
    assert.equal(connectError(report, "t").code, "42P01");
  });

  it("are 08006 for a broken connection and 08001 for one that was not made", () => {
    const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    const broken = statementError(reset);
    assert.deepEqual([broken.code, broken.cause], ["08006", reset]);
    const refused = connectError(reset, "postgresql://u@h:1/d");
    assert.deepEqual([refused.code, refused.message], ["08001", "cannot connect to postgresql://u@h:1/d"]);
  });
});
