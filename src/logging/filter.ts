import type { LogLevel } from "./line.ts";

/** The lightest level that is written; `trace` for all there is, `off` for nothing at all. */
export type Threshold = LogLevel | "trace" | "off";

/** Which lines are written. */
export interface LogFilter {
  readonly everywhere: Threshold;
  /** For lines inside the spans of these names; the innermost one decides. */
  readonly inSpan: ReadonlyMap<string, Threshold>;
}

const filterDefault: LogFilter = { everywhere: "info", inSpan: new Map() };
/** The lightest first. */
const thresholds: readonly Threshold[] = ["trace", "debug", "info", "warn", "error", "off"];
/** The names by which a filter means this program: its own, and the one it goes by in filters made for the original. */
const ownTargets: ReadonlySet<string> = new Set(["compute_ctl", "compute_tools"]);
/** `target`, `target[span]` or `[span]`; a span with conditions on its fields is none of ours. */
const targetForm = /^([^[\]]*)(?:\[([^[\]{}]+)\])?$/;

/**
 * Reads `RUST_LOG` (LIFE-80): parts `level` or `target=level`, separated by commas, levels in any case. The targets are
 * this program as a whole (`compute_ctl`, or the original's `compute_tools`), which beats a bare level, and, written as for
 * the original, spans (`[HTTP]`, `compute_ctl[get_basebackup]`; LIFE-82), which beat both. Other targets concern nobody
 * here. Unset or broken means `info`.
 */
export function parseLogFilter(text: string | undefined): LogFilter {
  let everywhere: Threshold | undefined;
  let own: Threshold | undefined;
  const inSpan = new Map<string, Threshold>();
  for (const part of (text ?? "").split(",").map((piece) => piece.trim())) {
    if (part === "") continue;
    const at = part.lastIndexOf("=");
    const threshold = thresholds.find((name) => name === part.slice(at + 1).toLowerCase());
    if (threshold === undefined || at === 0) return filterDefault;
    if (at < 0) {
      everywhere = threshold;
      continue;
    }
    const [, target = "", span] = targetForm.exec(part.slice(0, at)) ?? [];
    if (span !== undefined && (target === "" || ownTargets.has(target))) inSpan.set(span, threshold);
    else if (span === undefined && ownTargets.has(target)) own = threshold;
  }
  return { everywhere: own ?? everywhere ?? filterDefault.everywhere, inSpan };
}

/** Whether a line of this level is written. */
export function passes(level: LogLevel, threshold: Threshold): boolean {
  return thresholds.indexOf(level) >= thresholds.indexOf(threshold);
}
