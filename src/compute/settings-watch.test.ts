import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Log } from "../base/log.ts";
import { createMetrics } from "../metrics/registry.ts";
import { nothingHeldBack } from "../postgres/settings-report.ts";
import { createSettingsWatch } from "./settings-watch.ts";

function watch() {
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const log: Log = { debug: note, info: note, warn: note, error: note, span: () => log };
  const metrics = createMetrics("test");
  return { lines, metrics, ...createSettingsWatch(log, metrics) };
}

const pending = { ...nothingHeldBack, pendingRestart: ["max_connections"] };

describe("what Postgres holds back (chapter 04 §14.2)", () => {
  it("is nothing known before the first reload, and no metric either", async () => {
    const { latest, metrics } = watch();
    assert.equal(await latest(), null);
    assert.doesNotMatch(metrics.text(), /settings_held_back/);
  });

  it("is logged once per change, and measured", async () => {
    const { follow, latest, lines, metrics } = watch();
    for (const report of [nothingHeldBack, pending, pending]) follow(Promise.resolve(report));
    assert.deepEqual(await latest(), pending);
    assert.equal(lines.length, 1, lines.join());
    assert.match(metrics.text(), /compute_ctl_settings_held_back\{reason="pending_restart"\} 1\n/);
    assert.match(metrics.text(), /compute_ctl_settings_held_back\{reason="rejected"\} 0\n/);
    follow(Promise.resolve(nothingHeldBack));
    assert.deepEqual(await latest(), nothingHeldBack);
    assert.match(lines[1] ?? "", /^no longer so: .*max_connections/);
    assert.match(metrics.text(), /compute_ctl_settings_held_back\{reason="pending_restart"\} 0\n/);
  });

  it("stays as it was when it cannot be told, and comes in the order of the reloads", async () => {
    const { follow, latest } = watch();
    const slow = Promise.withResolvers<typeof pending>();
    follow(slow.promise);
    follow(Promise.resolve(nothingHeldBack));
    follow(Promise.resolve(null));
    follow(Promise.reject(new Error("the session broke")));
    slow.resolve(pending);
    assert.deepEqual(await latest(), nothingHeldBack);
  });
});
