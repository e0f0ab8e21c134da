import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLog } from "./log.ts";
import { postgresRecords } from "./postgres-records.ts";
import { createWallMicros } from "./wall-micros.ts";

const start = Date.UTC(2031, 3, 5, 6, 7, 8);

function clockAt(wallMs: number, monotonicMs: number) {
  const at = { wallMs, monotonicMs };
  return { at, clock: { now: () => new Date(at.wallMs), monotonicMs: () => at.monotonicMs } };
}

describe("the log", () => {
  it("writes a line for each event that passes the filter, inside its spans", () => {
    const written: string[] = [];
    const { clock } = clockAt(start, 0);
    const log = createLog({ write: (text) => written.push(text), filter: "info", clock });
    log.debug("not this");
    log.span("start_compute").span("get_basebackup", { lsn: "0/0" }).warn("late", { ms: 5 });
    log.info("outside");
    assert.deepEqual(written, [
      "2031-04-05T06:07:08.000000Z  WARN start_compute:get_basebackup{lsn=0/0}: late ms=5\n",
      "2031-04-05T06:07:08.000000Z  INFO outside\n",
    ]);
  });
});

describe("the time of a line", () => {
  it("has microseconds from the monotonic clock", () => {
    const { at, clock } = clockAt(start, 100);
    const micros = createWallMicros(clock);
    at.monotonicMs += 0.009;
    assert.equal(micros(), start * 1000 + 9);
  });

  it("follows a wall clock that was set", () => {
    const { at, clock } = clockAt(start, 100);
    const micros = createWallMicros(clock);
    at.wallMs -= 3_600_000;
    assert.equal(micros(), (start - 3_600_000) * 1000);
    at.monotonicMs += 1.5;
    at.wallMs += 1;
    assert.equal(micros(), (start - 3_600_000) * 1000 + 1500);
  });
});

describe("records of Postgres's log (LIFE-87)", () => {
  it("are prefixed lines, those of one chunk one text", () => {
    assert.equal(postgresRecords(["a\u200b\tb", "c"]), "PG:a\u200b\tb\nPG:c\n");
    assert.equal(postgresRecords([]), "");
  });
});
