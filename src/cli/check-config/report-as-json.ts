import type { CheckReport } from "./report.ts";

/** A report for programs; the names are part of the interface. */
export function reportAsJson(report: CheckReport): object {
  return {
    source: report.source,
    good: report.good,
    problems: report.problems,
    warnings: report.warnings,
    compute: Object.fromEntries(report.compute.map(({ name, value }) => [name.trim(), value])),
    postgresql_conf: report.postgresqlConf,
    settings: report.settings,
    postgres: report.postgres,
  };
}
