import type { Family } from "./family.ts";

/** From a single session of ours to a base backup of many gigabytes, in seconds. */
const phaseSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** What a request feels when the loop is held, in seconds. */
const lagSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Up to the time limit of a download, in seconds. */
const downloadSeconds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50];

/** From a few SQL files to an archive that hardly comes in time. */
const downloadBytes = [1e4, 1e5, 1e6, 1e7, 5e7, 1e8, 5e8, 1e9];

/** What the program tells about itself (MET-18), in the order of `/metrics`. */
export const ownFamilies = [
  {
    name: "compute_ctl_startup_phase_seconds",
    type: "histogram",
    labels: ["phase"],
    bounds: phaseSeconds,
    help: "Time that a phase of a start took that succeeded, in seconds; phase total is the whole start",
  },
  {
    name: "compute_ctl_apply_phase_seconds",
    type: "histogram",
    labels: ["phase"],
    bounds: phaseSeconds,
    help: "Time that a phase of an apply took that had work to do, in seconds",
  },
  {
    name: "compute_ctl_retries_total",
    type: "counter",
    labels: ["kind"],
    help: "Tries that followed a failed one, by what was tried",
  },
  {
    name: "compute_ctl_service_state",
    type: "gauge",
    labels: ["service", "state"],
    help: "Always 1; the labels tell how each service beside Postgres is that a spec asked for",
  },
  {
    name: "compute_ctl_service_failures_total",
    type: "counter",
    labels: ["service"],
    help: "Times that a service beside Postgres could not be configured",
  },
  {
    name: "compute_ctl_remote_ext_download_seconds",
    type: "histogram",
    labels: ["outcome"],
    bounds: downloadSeconds,
    help: "Time that the download and installation of an extension took, in seconds",
  },
  {
    name: "compute_ctl_remote_ext_download_bytes",
    type: "histogram",
    labels: ["outcome"],
    bounds: downloadBytes,
    help: "Compressed bytes of an extension's archive that arrived",
  },
  {
    name: "compute_ctl_remote_ext_downloads_in_flight",
    type: "gauge",
    labels: [],
    absentUntilKnown: true,
    help: "Downloads of extensions that go on",
  },
  {
    name: "compute_ctl_event_loop_lag_seconds",
    type: "histogram",
    labels: [],
    bounds: lagSeconds,
    help: "The longest time within each second that the event loop was held, in seconds",
  },
  {
    name: "compute_ctl_process_resident_memory_bytes",
    type: "gauge",
    labels: [],
    absentUntilKnown: true,
    help: "Resident memory of compute_ctl itself, in bytes",
  },
  {
    name: "compute_ctl_process_cpu_seconds_total",
    type: "counter",
    labels: [],
    absentUntilKnown: true,
    help: "Processor time of compute_ctl itself, user and system, in seconds",
  },
  {
    name: "compute_ctl_last_active_timestamp_seconds",
    type: "gauge",
    labels: [],
    absentUntilKnown: true,
    help: "When customers were last active, in seconds since 1970; absent when never since the start",
  },
  {
    name: "compute_ctl_awake",
    type: "gauge",
    labels: ["reason"],
    help: "Always 1; the label tells what the last look at Postgres found to keep the compute awake",
  },
  {
    name: "compute_ctl_activity_checks_total",
    type: "counter",
    labels: ["reason"],
    help: "Looks at Postgres for activity, by what they found first",
  },
  {
    name: "compute_ctl_settings_held_back",
    type: "gauge",
    labels: ["reason"],
    help: "Settings that Postgres rejects, holds back until a restart, or has from ALTER SYSTEM, as of the last reload",
  },
  {
    name: "compute_ctl_tls_certificate_expiry_timestamp_seconds",
    type: "gauge",
    labels: [],
    absentUntilKnown: true,
    help: "When the certificate that Postgres uses expires, in Unix time",
  },
  {
    name: "compute_ctl_tls_certificate_installed_timestamp_seconds",
    type: "gauge",
    labels: [],
    absentUntilKnown: true,
    help: "When Postgres was given its certificate, in Unix time",
  },
  {
    name: "compute_ctl_tls_certificate_usable",
    type: "gauge",
    labels: [],
    absentUntilKnown: true,
    help: "1 while the certificate's files can be used, 0 while an older pair is kept because they cannot",
  },
] as const satisfies readonly Family[];
