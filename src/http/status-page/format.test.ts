import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computeStatuses } from "../../compute/status.ts";
import { bytes, counted, describeStatus, elapsed, lineLevel, marks, markText, took } from "./files/format.js";

describe("how the status page says things", () => {
  it("times that go on, in two units", () => {
    const said = [-5, 0, 999, 59_999, 60_000, 192_500, 3_600_000, 90_000_000].map(elapsed);
    assert.deepEqual(said, ["0 s", "0 s", "0 s", "59 s", "1 m 0 s", "3 m 12 s", "1 h 0 m", "1 d 1 h"]);
  });

  it("times that were measured, sizes and counts", () => {
    assert.deepEqual([0.42, 87.4, 1_238, 61_000].map(took), ["0.4 ms", "87 ms", "1.24 s", "1 m 1 s"]);
    assert.deepEqual([0, 1023, 1024, 3_565_158, 2 ** 50].map(bytes), [
      "0 B",
      "1023 B",
      "1.0 KiB",
      "3.4 MiB",
      "1024 TiB",
    ]);
    assert.deepEqual([counted(1, "role"), counted(5_000, "role")], ["1 role", "5,000 roles"]);
  });

  it("round marks on a scale, at most six", () => {
    assert.deepEqual(marks(2_140), [0, 500, 1000, 1500, 2000]);
    assert.deepEqual(marks(87), [0, 20, 40, 60, 80]);
    assert.deepEqual(marks(0), [0]);
    for (const span of [0.3, 1, 7, 999, 1_000, 123_456]) {
      const found = marks(span);
      assert.ok(found.length <= 6 && (found.at(-1) ?? 0) <= span, `${span}: ${found}`);
    }
    assert.deepEqual([0, 250, 1500].map(markText), ["0", "250 ms", "1.5 s"]);
  });

  it("every status has a tone and a meaning", () => {
    for (const status of computeStatuses) assert.notEqual(describeStatus(status)[1], "", status);
    assert.deepEqual(describeStatus("of-tomorrow"), ["off", ""]);
  });

  it("lines of the log by how bad they are, in both formats, the program's and Postgres's", () => {
    for (const [line, level] of [
      ["2026-11-27T03:59:22.846314Z  WARN left it out", "warn"],
      ["2026-11-27T03:59:22.846314Z ERROR HTTP{x=1}: gone", "error"],
      ["2026-11-27T03:59:22.846314Z  INFO an ERROR in the text", "info"],
      ["PG:2026-11-27 03:59:38.451 GMT [1] FATAL:  terminating", "error"],
      ["PG:2026-11-27 03:59:38.451 GMT [1] WARNING:  hm", "warn"],
      ["PG:2026-11-27 03:59:38.451 GMT [1] LOG:  ready", "info"],
      ['{"timestamp":"x","level":"ERROR","message":"m"}', "error"],
      ['{"timestamp":"x","level":"INFO","message":"m"}', "info"],
      ["", "info"],
    ] as const) {
      assert.equal(lineLevel(line), level, line);
    }
  });
});
