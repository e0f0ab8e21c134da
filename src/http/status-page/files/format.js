/* How things are said: numbers, times and words. Pure. */

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/**
 * A time that goes on, in its two largest units: `3 m 12 s`.
 * @param {number} ms
 */
export function elapsed(ms) {
  const whole = Math.max(0, Math.floor(ms / secondMs)) * secondMs;
  if (whole < minuteMs) return `${whole / secondMs} s`;
  if (whole < hourMs) return `${Math.floor(whole / minuteMs)} m ${(whole % minuteMs) / secondMs} s`;
  if (whole < dayMs) return `${Math.floor(whole / hourMs)} h ${Math.floor((whole % hourMs) / minuteMs)} m`;
  return `${Math.floor(whole / dayMs)} d ${Math.floor((whole % dayMs) / hourMs)} h`;
}

/**
 * A time that was measured: `0.4 ms`, `87 ms`, `1.24 s`.
 * @param {number} ms
 */
export function took(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < secondMs) return `${Math.round(ms)} ms`;
  if (ms < minuteMs) return `${(ms / secondMs).toFixed(2)} s`;
  return elapsed(ms);
}

/**
 * `3.4 MiB`.
 * @param {number} count
 */
export function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

/**
 * `1 role`, `2 roles`.
 * @param {number} count
 * @param {string} one
 */
export function counted(count, one) {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}

/**
 * The time of day here, and the day when that is another one.
 * @param {number} atMs
 * @param {number} nowMs
 */
export function clockTime(atMs, nowMs) {
  const at = new Date(atMs);
  const time = at.toTimeString().slice(0, 8);
  return at.toDateString() === new Date(nowMs).toDateString() ? time : `${isoDay(at)} ${time}`;
}

/** @param {Date} at */
function isoDay(at) {
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/**
 * Names of the program as words: `get_basebackup` is `get basebackup`.
 * @param {string} name
 */
export function words(name) {
  return name.replaceAll(/[_-]/g, " ");
}

/**
 * The marks on a scale of so many milliseconds: round numbers, at most six of them, from zero on.
 * @param {number} spanMs
 * @returns {number[]}
 */
export function marks(spanMs) {
  if (!(spanMs > 0)) return [0];
  const rough = spanMs / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? power;
  const count = Math.floor(spanMs / step) + 1;
  return Array.from({ length: count }, (_, at) => Math.round(at * step * 10) / 10);
}

/**
 * What stands at a mark: `0`, `250 ms`, `1.5 s`.
 * @param {number} ms
 */
export function markText(ms) {
  if (ms === 0) return "0";
  return ms < secondMs ? `${ms} ms` : `${ms / secondMs} s`;
}

/** @typedef {"good" | "busy" | "warn" | "bad" | "off"} Tone */

/** @type {Readonly<Record<string, readonly [tone: Tone, meaning: string]>>} */
const statuses = {
  empty: ["off", "Waits for its first spec."],
  configuration_pending: ["busy", "Has taken a spec over and is about to act on it."],
  init: ["busy", "Starts: gets the data directory from the storage, and Postgres up."],
  running: ["good", "Postgres takes connections, and the spec is in force."],
  configuration: ["busy", "Brings a new spec into force while Postgres runs."],
  failed: ["bad", "The start or the last change failed. The error says why."],
  termination_pending_fast: ["busy", "Shuts Postgres down."],
  termination_pending_immediate: ["busy", "Shuts Postgres down, and ends without lingering."],
  terminated: ["off", "Postgres is gone; the process ends soon."],
  refresh_configuration_pending: ["busy", "Is about to fetch its spec again."],
  refresh_configuration: ["busy", "Fetches its spec again, and brings it into force."],
};

/**
 * How a status looks, and what it means.
 * @param {string} status
 * @returns {readonly [tone: Tone, meaning: string]}
 */
export function describeStatus(status) {
  return statuses[status] ?? ["off", ""];
}

/**
 * How bad a line of the log is: text or JSON, the program's or Postgres's.
 * @param {string} line
 * @returns {"error" | "warn" | "debug" | "info"}
 */
export function lineLevel(line) {
  if (line.startsWith("{")) return jsonLevel(line);
  if (line.startsWith("PG:")) {
    const severity = /\b(ERROR|FATAL|PANIC|WARNING|DEBUG[1-5]): {2}/.exec(line.slice(0, 512))?.[1] ?? "";
    if (severity === "WARNING") return "warn";
    return severity === "" ? "info" : severity.startsWith("DEBUG") ? "debug" : "error";
  }
  const level = /^\S+ +(ERROR|WARN|INFO|DEBUG)\b/.exec(line)?.[1] ?? "INFO";
  return level === "ERROR" ? "error" : level === "WARN" ? "warn" : level === "DEBUG" ? "debug" : "info";
}

/** @param {string} line */
function jsonLevel(line) {
  const level = /"level":"(ERROR|WARN|DEBUG)"/.exec(line)?.[1] ?? "";
  return level === "ERROR" ? "error" : level === "WARN" ? "warn" : level === "DEBUG" ? "debug" : "info";
}
