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

  it("has its reason with it when that was logged before", () => {
    const file = 'configuration file "postgresql.conf" contains errors';
    assert.equal(
      fatalMessage(['[1] LOG:  invalid value for parameter "work_mem": "much"', `[1] FATAL:  ${file}`]),
      `FATAL:  ${file} (invalid value for parameter "work_mem": "much")`,
    );
    const sockets = "could not create any TCP/IP sockets";
    const records = ["[1] LOG:  starting", '[1] LOG:  could not bind IPv4 address "::"', `[1] FATAL:  ${sockets}`];
    assert.equal(fatalMessage(records), `FATAL:  ${sockets} (could not bind IPv4 address "::")`);
    assert.equal(fatalMessage([`[1] FATAL:  ${sockets}`]), `FATAL:  ${sockets}`);
  });

  it("is unknown without one", () => assert.equal(fatalMessage(["t [1] LOG:  a FATAL thing"]), undefined));
});
