import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderStatus, type StatusReport } from "./render-status.ts";

const bare: StatusReport = {
  start_time: "2031-04-05T06:07:08.12Z",
  tenant: null,
  timeline: null,
  status: "empty",
  last_active: null,
  error: null,
  since: null,
  phases: null,
};

function lines(report: Partial<StatusReport>): readonly string[] {
  return renderStatus({ ...bare, ...report }).split("\n");
}

describe("renderStatus", () => {
  it("shows what a server tells that knows no timeline", () => {
    assert.deepEqual(lines({}), [
      "status       empty",
      "since        -",
      "started      2031-04-05T06:07:08.12Z",
      "tenant       -",
      "timeline     -",
      "last active  -",
      "error        -",
    ]);
  });

  it("shows the start as a waterfall, to scale", () => {
    const phases = [
      { name: "basebackup", start_ms: 100, end_ms: 150 },
      { name: "start_postgres", start_ms: 150, end_ms: 250.25 },
      { name: "instant", start_ms: 300, end_ms: 300 },
      { name: "apply", start_ms: 200, end_ms: null },
    ];
    assert.deepEqual(lines({ phases }).slice(7), [
      "",
      "phase            start ms    took ms",
      "basebackup          100.0       50.0  ==========",
      "start_postgres      150.0      100.3            ====================",
      "instant             300.0        0.0                                         =",
      "apply               200.0          -                      =>",
    ]);
    assert.deepEqual(lines({ phases: [{ name: "only", start_ms: 5, end_ms: null }] }).slice(8), [
      "phase   start ms    took ms",
      "only         5.0          -  =>",
    ]);
  });

  it("keeps an error in its column, and control sequences off the terminal", () => {
    assert.deepEqual(lines({ error: "outer\n\nCaused by:\n    \u001b[31minner\u0007" }).slice(6), [
      "error        outer",
      "             ",
      "             Caused by:",
      "                 \\x1b[31minner\\x07",
    ]);
  });
});
