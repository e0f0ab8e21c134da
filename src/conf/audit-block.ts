import { confValue } from "../base/quoting.ts";
import type { AuditLogLevel } from "../spec/types.ts";
import { preloadSetting, withLibraries } from "./preload-libraries.ts";

/** What each audit level logs, and the libraries that it cannot do without (CONF-20). */
const levels = {
  base: {
    title: "base audit settings",
    begin: "start",
    lines: ["pgaudit.log='ddl,role'", "pgaudit.log_catalog=off"],
    libraries: ["pgaudit"],
  },
  extended: {
    title: "compliance audit settings",
    begin: "begin",
    lines: [
      "pgaudit.log_parameter=off",
      "pgaudit.log='all, -misc'",
      "pgaudit.log_catalog=off",
      "pgaudit.log_rotation_age=5",
    ],
    libraries: ["pgaudit", "pgauditlogtofile"],
  },
  full: {
    title: "compliance audit settings",
    begin: "begin",
    lines: ["pgaudit.log_parameter=on", "pgaudit.log='all'", "pgaudit.log_catalog=off", "pgaudit.log_rotation_age=5"],
    libraries: ["pgaudit", "pgauditlogtofile"],
  },
} as const;

/** The libraries that an audit level loads. */
export function auditLibraries(level: AuditLogLevel): readonly string[] {
  return level === "disabled" ? [] : levels[level].libraries;
}

/**
 * The lines that set an audit level (CONF-20, CONF-21). They belong after the cluster's settings, which thus cannot weaken
 * them (CONF-22).
 * @param preload the configured list of libraries, if there is one
 */
export function auditLines(level: AuditLogLevel, preload: string | undefined): readonly string[] {
  if (level === "disabled") return [];
  const { title, begin, lines, libraries } = levels[level];
  return [
    `# Managed by compute_ctl ${title}: ${begin}`,
    ...lines,
    `${preloadSetting}=${confValue(withLibraries(preload ?? "neon", libraries))}`,
    `# Managed by compute_ctl ${title}: end`,
  ];
}
