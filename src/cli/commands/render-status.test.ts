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
  detail: null,
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

  it("HTTP-82: shows features, settings that are held back, and the certificate, where there is something to tell", () => {
    const features = { on: ["tls_experimental"], unknown: ["x_experimental"] };
    const settings = {
      rejected: [
        { name: "work_mem", file: "postgresql.conf", line: 7, reason: "setting could not be applied" },
        { name: null, file: "a.conf", line: 1, reason: "syntax error" },
      ],
      pending_restart: ["max_connections"],
      overruled: ["fsync"],
    };
    const tls = { not_after: "2031-05-06T00:00:00.000Z", installed_at: "2031-04-06T00:00:00.000Z", problem: null };
    assert.deepEqual(lines({ detail: { features, settings, tls } }).slice(7), [
      "features     tls_experimental, x_experimental (unknown, ignored)",
      "settings     work_mem is rejected (postgresql.conf, line 7): setting could not be applied",
      "             ? is rejected (a.conf, line 1): syntax error",
      "             max_connections waits for a restart",
      "             fsync is overruled by ALTER SYSTEM",
      "certificate  good until 2031-05-06T00:00:00.000Z",
    ]);
    const nothing = { features: { on: [], unknown: [] }, settings: null, tls: null };
    assert.deepEqual(lines({ detail: nothing }), lines({ detail: null }));
    const renewal = { ...nothing, tls: { ...tls, problem: "they do not match" } };
    assert.match(lines({ detail: renewal }).at(-1) ?? "", /now cannot take its place: they do not match$/);
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
