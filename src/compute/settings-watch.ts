import { describeError } from "../base/error-chain.ts";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../metrics/registry.ts";
import { nothingHeldBack, type SettingsReport, settingsNews } from "../postgres/settings-report.ts";

/** Keeps what Postgres holds back of its settings, and tells of every change once. */
export interface SettingsWatch {
  /** Takes the report that follows a reload; null when it could not be had. */
  follow(report: Promise<SettingsReport | null>): void;
  /** The newest report, with those waited for that are on their way; null before the first. */
  latest(): Promise<SettingsReport | null>;
}

/** Changes go to the log, once each, and into a metric (chapter 04 §14.2). */
export function createSettingsWatch(log: Log, metrics: Metrics): SettingsWatch {
  let known: SettingsReport | null = null;
  let arriving: Promise<void> = Promise.resolve();

  function take(report: SettingsReport): void {
    const { warnings, infos } = settingsNews(known ?? nothingHeldBack, report);
    for (const warning of warnings) log.warn(warning);
    for (const info of infos) log.info(info);
    known = report;
    metrics.replaceAll("compute_ctl_settings_held_back", [
      { labels: { reason: "rejected" }, value: report.rejected.length },
      { labels: { reason: "pending_restart" }, value: report.pendingRestart.length },
      { labels: { reason: "overruled" }, value: report.overruled.length },
    ]);
  }

  return {
    follow(report) {
      // In the order of the reloads, however long each answer takes.
      const answer = report.catch((error: unknown) => {
        log.debug(`cannot tell which settings Postgres holds back: ${describeError(error)}`);
        return null;
      });
      arriving = Promise.all([answer, arriving]).then(([settled]) => {
        if (settled !== null) take(settled);
      });
    },
    async latest() {
      await arriving;
      return known;
    },
  };
}
