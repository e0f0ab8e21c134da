import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatLine, type LogEvent } from "./line.ts";

const event: LogEvent = {
  timeMicros: Date.UTC(2031, 3, 5, 6, 7, 8) * 1000 + 9,
  level: "info",
  spans: [],
  message: "boom",
  fields: {},
};

describe("a log line (LIFE-81)", () => {
  it("has a timestamp in microseconds, the level in five columns, the message and its fields", () => {
    assert.equal(
      formatLine({ ...event, message: "synced safekeepers", fields: { lsn: "0/1700000" } }),
      "2031-04-05T06:07:08.000009Z  INFO synced safekeepers lsn=0/1700000\n",
    );
  });

  it("names the spans it was written in, from the root", () => {
    const spans = [
      { name: "start_compute", fields: {} },
      { name: "get_basebackup", fields: { lsn: "0/0" } },
    ];
    assert.equal(
      formatLine({ ...event, level: "error", spans }),
      "2031-04-05T06:07:08.000009Z ERROR start_compute:get_basebackup{lsn=0/0}: boom\n",
    );
  });

  it("leaves out undefined values, and quotes those that would not be seen as one value", () => {
    const fields = {
      a: undefined,
      n: 7,
      big: 2n ** 64n,
      yes: true,
      empty: "",
      blank: "x y",
      eq: "k=v",
      quote: 'a"b',
      nl: "a\nb",
    };
    assert.equal(
      formatLine({ ...event, fields }),
      '2031-04-05T06:07:08.000009Z  INFO boom n=7 big=18446744073709551616 yes=true empty="" blank="x y" eq="k=v" ' +
        'quote="a\\"b" nl="a\\nb"\n',
    );
  });

  it("keeps line breaks of the message", () => {
    assert.match(formatLine({ ...event, message: "one\ntwo" }), / one\ntwo\n$/);
  });
});
