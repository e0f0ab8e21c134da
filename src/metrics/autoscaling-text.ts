import type { AutoscalingFacts } from "./autoscaling-facts.ts";
import type { ScalarFamily } from "./family.ts";
import { type Sample, scalarText } from "./text.ts";

/** For those who read it, and for nobody else: a comment, as far as Prometheus is concerned. */
const preamble = [
  "# This Postgres has no communicator (it is not Neon's build): compute_ctl answers with what it can see itself.",
  "# It has no local file cache either, so the lfc_ families say what they say where the cache's limit is 0.",
  "",
].join("\n");

/** Seconds that the working set is told for: 60 windows, each a minute longer (MET-13, MET-14). */
const windowSeconds: readonly number[] = Array.from({ length: 60 }, (_, index) => (index + 1) * 60);

type Values = readonly (readonly [labels: readonly string[], value: number])[];

interface Row {
  readonly family: ScalarFamily;
  readonly values: (facts: AutoscalingFacts) => Values;
}

function row(
  name: string,
  type: "counter" | "gauge",
  help: string,
  values: (facts: AutoscalingFacts) => Values,
  labels: readonly string[] = [],
): Row {
  return { family: { name, type, labels, help }, values };
}

/** A single value that Postgres tells; left out while it does not. */
function postgresRow(
  name: string,
  type: "counter" | "gauge",
  help: string,
  tell: (postgres: NonNullable<AutoscalingFacts["postgres"]>) => number,
): Row {
  return row(name, type, help, ({ postgres }) => (postgres === null ? [] : [[[], tell(postgres)]]));
}

const constant = (value: number) => (): Values => [[[], value]];

const rows: readonly Row[] = [
  row("lfc_cache_size_limit", "gauge", "Limit of the local file cache, in bytes: there is none", constant(0)),
  row("lfc_hits", "gauge", "Pages found in the local file cache: there is none", constant(0)),
  row("lfc_misses", "gauge", "Pages not found in the local file cache: there is none", constant(0)),
  row("lfc_used", "gauge", "Chunks in use of the local file cache: there is none", constant(0)),
  row("lfc_writes", "gauge", "Pages written to the local file cache: there is none", constant(0)),
  row(
    "lfc_approximate_working_set_size_windows",
    "gauge",
    "Pages touched within a window: -1 for not known, as there is no local file cache",
    () => windowSeconds.map((seconds) => [[String(seconds)], -1]),
    ["duration_seconds"],
  ),
  row("compute_ctl_pg_up", "gauge", "1 while Postgres answers", ({ postgres }) => [[[], postgres === null ? 0 : 1]]),
  row(
    "compute_ctl_pg_sessions",
    "gauge",
    "Client sessions by state",
    ({ postgres }) => [...(postgres?.sessions ?? [])].map(([state, count]) => [[state], count]),
    ["state"],
  ),
  postgresRow("compute_ctl_pg_max_connections", "gauge", "The setting max_connections", (it) => it.maxConnections),
  postgresRow(
    "compute_ctl_pg_shared_buffers_bytes",
    "gauge",
    "The setting shared_buffers",
    (it) => it.sharedBuffersBytes,
  ),
  postgresRow("compute_ctl_pg_buffer_hits_total", "counter", "Pages found in shared buffers", (it) => it.bufferHits),
  postgresRow(
    "compute_ctl_pg_buffer_reads_total",
    "counter",
    "Pages not found in shared buffers",
    (it) => it.bufferReads,
  ),
  postgresRow(
    "compute_ctl_pg_temp_bytes_total",
    "counter",
    "Written to temporary files, in bytes",
    (it) => it.tempBytes,
  ),
  row("compute_ctl_host_processors", "gauge", "Processors that this program may use", ({ system }) => [
    [[], system.processors],
  ]),
  row(
    "compute_ctl_host_load",
    "gauge",
    "Load average over so many minutes",
    ({ system: { loads } }) => [1, 5, 15].map((minutes, index) => [[String(minutes)], loads[index] ?? 0]),
    ["minutes"],
  ),
  row("compute_ctl_host_memory_total_bytes", "gauge", "Memory of the machine or container", ({ system }) => [
    [[], system.memoryTotalBytes],
  ]),
  row("compute_ctl_host_memory_available_bytes", "gauge", "Memory that is free or can be freed", ({ system }) => [
    [[], system.memoryFreeBytes],
  ]),
];

/** The families that {@link autoscalingText} may have, in their order. */
export const autoscalingFamilies: readonly ScalarFamily[] = rows.map(({ family }) => family);

/** Prometheus's text of what this program can tell an autoscaler, and that it is not the communicator that tells it (MET-19). */
export function autoscalingText(facts: AutoscalingFacts): string {
  const texts = rows.map(({ family, values }) => scalarText(family, values(facts).map(sample)));
  return `${preamble}${texts.join("")}`;
}

function sample([labels, value]: readonly [labels: readonly string[], value: number]): Sample {
  return { labels, value };
}
