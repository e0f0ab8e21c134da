import type { DetailedStatusObject, Phase, StatusDetail } from "../../client/answers.ts";
import { printable } from "./printable.ts";

/** The state of a compute, since when it has it, and the steps of its start; null where the server cannot tell. */
export interface StatusReport extends DetailedStatusObject {
  readonly since: string | null;
  readonly phases: readonly Phase[] | null;
}

const barWidth = 40;
const labelWidth = 12;

/** The report for people: a line per fact, then the start as a waterfall. */
export function renderStatus(report: StatusReport): string {
  const facts = [
    ["status", report.status],
    ["since", report.since],
    ["started", report.start_time],
    ["tenant", report.tenant],
    ["timeline", report.timeline],
    ["last active", report.last_active],
    ["error", report.error],
    ...(report.detail === null ? [] : detailFacts(report.detail)),
  ] as const;
  const lines = facts.map(([label, value]) => `${label.padEnd(labelWidth)} ${indentRest(printable(value ?? "-"))}`);
  const phases = report.phases ?? [];
  return [...lines, ...(phases.length === 0 ? [] : ["", ...renderWaterfall(phases)])].join("\n");
}

/** What there is to tell of the features, the settings and the certificate; nothing of what is as it should be by itself. */
function detailFacts({ features, settings, tls }: StatusDetail): readonly (readonly [label: string, value: string])[] {
  const named = [...features.on, ...features.unknown.map((name) => `${name} (unknown, ignored)`)];
  const held = [
    ...(settings?.rejected ?? []).map(
      ({ name, file, line, reason }) => `${name ?? "?"} is rejected (${file}, line ${line}): ${reason}`,
    ),
    ...(settings?.pending_restart ?? []).map((name) => `${name} waits for a restart`),
    ...(settings?.overruled ?? []).map((name) => `${name} is overruled by ALTER SYSTEM`),
  ];
  return [
    ...(named.length === 0 ? [] : [["features", named.join(", ")] as const]),
    ...(held.length === 0 ? [] : [["settings", held.join("\n")] as const]),
    ...(tls === null ? [] : [["certificate", certificateText(tls)] as const]),
  ];
}

function certificateText({ not_after, problem }: NonNullable<StatusDetail["tls"]>): string {
  const good = `good until ${not_after}`;
  return problem === null ? good : `${good}; the files that are there now cannot take its place: ${problem}`;
}

/** The lines of a longer text stay in the column of the first. */
function indentRest(text: string): string {
  return text.replaceAll("\n", `\n${" ".repeat(labelWidth + 1)}`);
}

/** A line per phase: when it began and what it took, in milliseconds, and both as a bar. One that goes on ends in `>`. */
function renderWaterfall(phases: readonly Phase[]): readonly string[] {
  const firstMs = Math.min(...phases.map((phase) => phase.start_ms));
  const lastMs = Math.max(...phases.map((phase) => phase.end_ms ?? phase.start_ms));
  const nameWidth = Math.max("phase".length, ...phases.map(({ name }) => name.length));
  const row = (name: string, start: string, took: string, bar: string): string =>
    `${printable(name).padEnd(nameWidth)} ${start.padStart(10)} ${took.padStart(10)}  ${bar}`.trimEnd();
  const column = (ms: number): number =>
    lastMs === firstMs ? 0 : Math.round(((ms - firstMs) / (lastMs - firstMs)) * barWidth);
  return [
    row("phase", "start ms", "took ms", ""),
    ...phases.map(({ name, start_ms, end_ms }) => {
      const from = Math.min(column(start_ms), barWidth - 1);
      const bar = end_ms === null ? "=>" : "=".repeat(Math.max(1, column(end_ms) - from));
      const took = end_ms === null ? "-" : (end_ms - start_ms).toFixed(1);
      return row(name, start_ms.toFixed(1), took, " ".repeat(from) + bar);
    }),
  ];
}
