import type { LogLevel } from "./line.ts";

/** The lightest level that is written; `trace` for all there is, `off` for nothing at all. */
export type LogFilter = LogLevel | "trace" | "off";

const filterDefault: LogFilter = "info";
/** The lightest first. */
const levels: readonly LogFilter[] = ["trace", "debug", "info", "warn", "error", "off"];
/** The names by which a filter means this program: its own, and the one it goes by in filters made for the original. */
const ownTargets: ReadonlySet<string> = new Set(["compute_ctl", "compute_tools"]);

/**
 * Reads `RUST_LOG` (LIFE-80): parts `level` or `target=level`, separated by commas, in any case. A part that targets this
 * program beats a bare level; those with other targets concern nobody here. Unset or broken means `info`.
 */
export function parseLogFilter(text: string | undefined): LogFilter {
  let everywhere: LogFilter | undefined;
  let own: LogFilter | undefined;
  for (const part of (text ?? "").split(",").map((piece) => piece.trim())) {
    if (part === "") continue;
    const at = part.lastIndexOf("=");
    const level = levels.find((name) => name === part.slice(at + 1).toLowerCase());
    if (level === undefined || at === 0) return filterDefault;
    if (at < 0) everywhere = level;
    else if (ownTargets.has(part.slice(0, at))) own = level;
  }
  return own ?? everywhere ?? filterDefault;
}

/** Whether a line of this level is written. */
export function passes(level: LogLevel, filter: LogFilter): boolean {
  return levels.indexOf(level) >= levels.indexOf(filter);
}
