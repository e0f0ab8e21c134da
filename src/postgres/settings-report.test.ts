import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nothingHeldBack, readSettingsReport, settingsNews } from "./settings-report.ts";

const report = {
  rejected: [{ name: "work_mem", file: "postgresql.conf", line: 7, reason: "setting could not be applied" }],
  pendingRestart: ["max_connections"],
  overruled: ["log_min_messages"],
};

describe("settings that Postgres holds back (chapter 04 §14.2)", () => {
  it("are read from the rows of the query", () => {
    const row = (kind: string, name: string | null, file = "", line = "0", reason = "") => ({
      kind,
      name,
      file,
      line,
      reason,
    });
    const rows = [
      row("overruled", "log_min_messages"),
      row("pending", "max_connections"),
      row("rejected", "work_mem", "postgresql.conf", "7", "setting could not be applied"),
    ];
    assert.deepEqual(readSettingsReport(rows), report);
    assert.deepEqual(readSettingsReport([]), nothingHeldBack);
    assert.equal(readSettingsReport([row("rejected", null, "x.conf", "1", "syntax error")]).rejected[0]?.name, null);
  });

  it("are told once per change, and so is that they are over", () => {
    const news = settingsNews(nothingHeldBack, report);
    assert.deepEqual(news.infos, []);
    assert.deepEqual(news.warnings, [
      "Postgres rejects work_mem (postgresql.conf, line 7): setting could not be applied",
      "Postgres holds the new value of max_connections back until it is restarted",
      "ALTER SYSTEM has set log_min_messages to another value than the spec, and that counts",
    ]);
    assert.deepEqual(settingsNews(report, report), { warnings: [], infos: [] });
    assert.deepEqual(settingsNews(report, { ...report, pendingRestart: [] }), {
      warnings: [],
      infos: ["no longer so: Postgres holds the new value of max_connections back until it is restarted"],
    });
  });
});
