import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSessionLedger } from "./session-ledger.ts";

describe("the ledger of own sessions (FIELD-14, trap 7)", () => {
  it("tells each session once, and when the statistics must have all of it", () => {
    const ledger = createSessionLedger();
    assert.deepEqual(ledger.take(0), { opened: 0, countSettled: true, timeSettled: true });
    const first = ledger.opened("shop", 1_000);
    const second = ledger.opened("crm", 1_100);
    assert.deepEqual(ledger.take(1_200), { opened: 2, countSettled: false, timeSettled: false });
    assert.deepEqual(ledger.take(6_200), { opened: 0, countSettled: true, timeSettled: false });
    first(6_300);
    assert.deepEqual(ledger.take(60_000), { opened: 0, countSettled: true, timeSettled: false });
    second(60_000);
    assert.equal(ledger.take(64_000).timeSettled, false);
    assert.equal(ledger.take(65_001).timeSettled, true);
  });

  it("passes over the databases whose statistics are not looked at", () => {
    const ledger = createSessionLedger();
    for (const database of ["postgres", "template0", "template1"]) ledger.opened(database, 1);
    assert.deepEqual(ledger.take(2), { opened: 0, countSettled: true, timeSettled: true });
  });

  it("takes a second end of the same session for nothing", () => {
    const ledger = createSessionLedger();
    const first = ledger.opened("shop", 1);
    ledger.opened("shop", 1);
    first(2);
    first(3);
    assert.equal(ledger.take(60_000).timeSettled, false);
  });
});
