import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fatalMessage } from "./fatal-record.ts";

describe("why Postgres ended", () => {
  it("is its last FATAL or PANIC message, without prefix and on one line", () => {
    const records = [
      "t [1] FATAL:  first",
      't [1] PANIC:  could not locate\u200b\ta "checkpoint"',
      "t [1] LOG:  database system is shut down",
    ];
    assert.equal(fatalMessage(records), 'PANIC:  could not locate \ta "checkpoint"');
  });

  it("is unknown without one", () => assert.equal(fatalMessage(["t [1] LOG:  a FATAL thing"]), undefined));
});
