import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lineFormatters } from "./line-format.ts";

describe("a log line in JSON", () => {
  it("is one object with time, level, message, spans and fields", () => {
    const line = lineFormatters.json({
      timeMicros: Date.UTC(2031, 3, 5, 6, 7, 8) * 1000 + 9,
      level: "warn",
      spans: [
        { name: "start_compute", fields: {} },
        { name: "get_basebackup", fields: { lsn: "0/0" } },
      ],
      message: 'say "hi"\nagain',
      fields: { n: 7, small: 8n, big: 2n ** 64n, yes: true, none: undefined },
    });
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.deepEqual(JSON.parse(line), {
      timestamp: "2031-04-05T06:07:08.000009Z",
      level: "WARN",
      source: "compute_ctl",
      message: 'say "hi"\nagain',
      spans: [
        { name: "start_compute", fields: {} },
        { name: "get_basebackup", fields: { lsn: "0/0" } },
      ],
      fields: { n: 7, small: 8, big: "18446744073709551616", yes: true },
    });
  });

  it("stays JSON with half a surrogate pair and a number that is none", () => {
    const line = lineFormatters.json({
      timeMicros: 0,
      level: "info",
      spans: [],
      message: "\ud83d",
      fields: { ratio: Number.NaN },
    });
    assert.deepEqual([JSON.parse(line).message, JSON.parse(line).fields.ratio], ["\ud83d", null]);
    assert.equal(Buffer.from(line).toString(), line);
  });
});
