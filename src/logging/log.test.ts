import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Span } from "../base/tracer.ts";
import { parseLogFilter } from "./filter.ts";
import type { LogEvent } from "./line.ts";
import { createLog } from "./log.ts";
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
    const log = createLog({ write: (text) => written.push(text), filter: parseLogFilter("info"), clock });
    log.debug("not this");
    log.span("start_compute").span("get_basebackup", { lsn: "0/0" }).warn("late", { ms: 5 });
    log.info("outside");
    assert.deepEqual(written, [
      "2031-04-05T06:07:08.000000Z  WARN start_compute:get_basebackup{lsn=0/0}: late ms=5\n",
      "2031-04-05T06:07:08.000000Z  INFO outside\n",
    ]);
  });

  it("follows the filter of the innermost span that has one (LIFE-80)", () => {
    const written: string[] = [];
    const { clock } = clockAt(start, 0);
    const filter = parseLogFilter("warn,[quiet]=off,[chatty]=debug");
    const log = createLog({ write: (text) => written.push(text.slice(28)), filter, clock });
    log.info("not this");
    log.span("chatty").span("other").debug("1");
    log.span("chatty").span("quiet").error("nor this");
    log.span("quiet").span("chatty").info("2");
    assert.deepEqual(written, ["DEBUG chatty:other: 1\n", " INFO quiet:chatty: 2\n"]);
  });

  for (const format of ["text", "json"] as const) {
    it(`hides what looks like a secret in message, fields and spans (${format})`, () => {
      const written: string[] = [];
      const told: LogEvent[] = [];
      const { clock } = clockAt(start, 0);
      const filter = parseLogFilter("info");
      const onEvent = (event: LogEvent): void => void told.push(event);
      const log = createLog({ write: (text) => written.push(text), filter, clock, format, onEvent });
      const secrets = { url: "http://u:s3cret@h/", password: "s3cret", n: 1 };
      log.span("connect", secrets).info('failed with password="s3cret"', secrets);
      assert.equal(written.length, 1);
      assert.doesNotMatch(`${written}${JSON.stringify(told)}`, /s3cret/);
      assert.equal(told[0]?.message, "failed with password=[hidden]");
      assert.deepEqual(told[0]?.fields, { url: "http://u:[hidden]@h/", password: "[hidden]", n: 1 });
      if (format === "json") assert.equal(JSON.parse(written[0] ?? "").fields.n, 1);
    });
  }

  it("makes written lines events of the trace's span that it is in (LIFE-84)", () => {
    const events: unknown[] = [];
    const { clock } = clockAt(start, 0);
    const span: Span = { context: undefined, set() {}, event: (...event) => events.push(event), end() {} };
    const log = createLog({ write: () => {}, filter: parseLogFilter("info"), clock });
    log.info("outside");
    const inside = log.traced(span).span("start_compute");
    inside.debug("too light");
    inside.warn("password=s3cret", { big: 7n, none: undefined, yes: true });
    assert.deepEqual(events, [["password=[hidden]", { level: "warn", big: "7", yes: true }]]);
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
