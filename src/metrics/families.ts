import type { Family } from "./family.ts";
import { ownFamilies } from "./own-families.ts";
import { scalingFamilies } from "./scaling-families.ts";
import { storageFamilies } from "./storage-families.ts";

/** From an answer out of memory to a `/configure` that starts a compute, in seconds. */
const requestSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * The families of MET-3, in the order in which `/metrics` lists them; behind them, those that the original does not have
 * (MET-17, MET-18).
 */
export const families = [
  {
    name: "compute_ctl_up",
    type: "gauge",
    labels: ["build_tag", "status"],
    help: "Always 1; the labels tell the build and the status of the compute",
  },
  {
    name: "compute_installed_extensions",
    type: "gauge",
    labels: ["extension_name", "owned_by_superuser", "version"],
    help: "Number of databases in which a version of an extension is installed",
  },
  {
    name: "compute_ctl_cplane_requests_total",
    type: "counter",
    labels: ["http_status", "rpc"],
    help: "Requests to the control plane",
  },
  {
    name: "compute_ctl_remote_ext_requests_total",
    type: "counter",
    labels: ["filename", "http_status"],
    help: "Downloads of extension archives",
  },
  {
    name: "compute_ctl_db_migration_failed_total",
    type: "counter",
    labels: ["migration_id"],
    help: "Database migrations that failed",
  },
  {
    name: "compute_audit_log_dir_size",
    type: "gauge",
    labels: [],
    help: "Size of the audit log directory, in bytes",
  },
  {
    name: "compute_pg_current_downtime_ms",
    type: "gauge",
    labels: [],
    help: "For how long Postgres has not answered, in ms; 0 while it does",
  },
  {
    name: "compute_pg_downtime_ms_total",
    type: "counter",
    labels: [],
    help: "Time during which Postgres did not answer, in ms",
  },
  {
    name: "compute_ctl_lfc_prewarms_total",
    type: "counter",
    labels: [],
    help: "Prewarms of the local file cache",
  },
  {
    name: "compute_ctl_lfc_prewarm_errors_total",
    type: "counter",
    labels: [],
    help: "Prewarms of the local file cache that failed",
  },
  {
    name: "compute_ctl_lfc_offloads_total",
    type: "counter",
    labels: [],
    help: "Offloads of the local file cache's state",
  },
  {
    name: "compute_ctl_lfc_offload_errors_total",
    type: "counter",
    labels: [],
    help: "Offloads of the local file cache's state that failed",
  },
  {
    name: "pg_cctl_pagestream_request_errors_total",
    type: "counter",
    labels: [],
    help: "Page requests that Postgres reported as failing by asking for a refresh of the configuration",
  },
  {
    name: "pg_cctl_configure_statement_timeout_errors_total",
    type: "counter",
    labels: [],
    help: "Statements that ran into their time limit while a spec was applied",
  },
  {
    name: "pg_cctl_attached",
    type: "gauge",
    labels: ["pg_compute_id", "pg_instance_id", "tenant_id", "timeline_id"],
    help: "Always 1; the labels tell which compute is attached to which timeline",
  },
  {
    name: "compute_ctl_http_requests_total",
    type: "counter",
    labels: ["code_class", "method", "route", "server"],
    help: "HTTP requests that were answered",
  },
  {
    name: "compute_ctl_http_request_seconds",
    type: "histogram",
    labels: ["method", "route", "server"],
    bounds: requestSeconds,
    help: "Time from the head of an HTTP request to the head of its answer, in seconds",
  },
  {
    name: "compute_ctl_http_requests_in_flight",
    type: "gauge",
    labels: ["server"],
    help: "HTTP requests whose answer is not out yet",
  },
  {
    name: "compute_ctl_http_auth_failures_total",
    type: "counter",
    labels: ["reason"],
    help: "HTTP requests that were turned away for their token",
  },
  {
    name: "compute_ctl_catalog_drift_steps",
    type: "gauge",
    labels: ["phase"],
    help: "Steps that an apply would take, by phase, as of the last look for drift",
  },
  {
    name: "compute_ctl_db_migration_id",
    type: "gauge",
    labels: ["state"],
    help: "Number of the last database migration that is done; the label tells whether they are running, done or failed",
  },
  ...ownFamilies,
  ...scalingFamilies,
  ...storageFamilies,
] as const satisfies readonly Family[];
