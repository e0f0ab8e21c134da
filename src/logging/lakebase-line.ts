import { formatText, type LogEvent } from "./line.ts";

/** Who writes; empty until a spec is stored. */
export interface LogIds {
  readonly instanceId: string;
  readonly computeId: string;
}

/**
 * An event as a line of lakebase's log files (LIFE-86), whose order and spacing its readers rely on. Unlike the
 * original's, the ids are escaped (T-18).
 */
export function formatLakebaseLine({ timeMicros, level, message, fields }: LogEvent, ids: LogIds): string {
  const time = new Date(Math.floor(timeMicros / 1000)).toISOString();
  const members = [
    ["timestamp", `${time.slice(0, 10)} ${time.slice(11, 23)} GMT`],
    ["error_severity", level.toUpperCase()],
    ["file_name", "compute_ctl"],
    ["backend_type", "compute_ctl_self"],
    ["pg_instance_id", ids.instanceId],
    ["pg_compute_id", ids.computeId],
    ["message", formatText(message, fields)],
  ];
  return `{${members.map(([name, value]) => `"${name}": ${JSON.stringify(value)}`).join(", ")}}\n`;
}

/** The name of the file that a day's events go to; days are those of UTC. */
export function lakebaseFileName(timeMicros: number): string {
  return `pgcctl.${new Date(Math.floor(timeMicros / 1000)).toISOString().slice(0, 10)}`;
}

/** Which of the files in the directory are too old: all of ours but the two newest and the one being written. */
export function outdatedLogFiles(names: readonly string[], current: string): readonly string[] {
  return names
    .filter((name) => /^pgcctl\.\d{4}-\d{2}-\d{2}$/.test(name))
    .sort()
    .slice(0, -2)
    .filter((name) => name !== current);
}
