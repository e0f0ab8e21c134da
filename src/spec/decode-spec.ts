import {
  boolean,
  float,
  i64,
  nonzeroU64,
  parsed,
  secret,
  string,
  transformed,
  u32,
  u64,
} from "../base/decode-scalars.ts";
import { defaulted, list, map, optional, optionalOr, required, titled } from "../base/decode-structures.ts";
import { variants } from "../base/decode-variants.ts";
import { type Decoder, hinted } from "../base/decoder.ts";
import { hexIdProblem, parseTenantId, parseTimelineId } from "../base/ids.ts";
import { type Lsn, parseLsn } from "../base/lsn.ts";
import { cluster, deltaOperation } from "./decode-cluster.ts";
import { pageserverConnectionInfo } from "./decode-pageservers.ts";
import { databricksSettings, localProxyConfig, remoteExtensions } from "./decode-services.ts";
import { idHint, modeHint } from "./hints.ts";
import type { AuditLogLevel, ComputeMode, ComputeSpec } from "./types.ts";

/*
 * A compute spec, member by member (chapter 02 §4).
 */

const idPattern = "^[0-9a-fA-F]{32}$";
const lsnPattern = "^\\s*\\+?0*[0-9a-fA-F]{1,8}/\\+?0*[0-9a-fA-F]{1,8}\\s*$";

const lsn: Decoder<Lsn> = parsed(
  { expected: "an LSN such as `0/16B3748`", pattern: lsnPattern },
  parseLsn,
  () => "LsnParseError: not of the form `X/X`",
);

const mode = variants<ComputeMode>({
  Primary: { unit: { kind: "primary" } },
  Static: { payload: transformed(lsn, (at) => ({ kind: "static", lsn: at })) },
  Replica: { unit: { kind: "replica" } },
});

const auditLogLevel = variants<AuditLogLevel>({
  Disabled: { unit: "disabled" },
  Log: { unit: "base" },
  Base: { unit: "base" },
  Hipaa: { unit: "extended" },
  Extended: { unit: "extended" },
  Full: { unit: "full" },
});

/** Any name: one that this program does not know is kept, and ignored (SPEC-60). */
const feature = variants<string>({}, (name) => name);

const tenantId = hinted(
  parsed({ expected: "a tenant id", pattern: idPattern }, parseTenantId, describeIdProblem),
  idHint,
);
const timelineId = hinted(
  parsed({ expected: "a timeline id", pattern: idPattern }, parseTimelineId, describeIdProblem),
  idHint,
);

const members = {
  formatVersion: required("format_version", float),
  operationUuid: optional("operation_uuid", string),
  features: defaulted("features", list(feature), []),
  swapSizeBytes: optional("swap_size_bytes", u64),
  diskQuotaBytes: optional("disk_quota_bytes", u64),
  disableLfcResizing: optional("disable_lfc_resizing", boolean),
  cluster: required("cluster", cluster),
  deltaOperations: optionalOr("delta_operations", list(deltaOperation), []),
  skipPgCatalogUpdates: defaulted("skip_pg_catalog_updates", boolean, false),
  tenantId: optional("tenant_id", tenantId),
  timelineId: optional("timeline_id", timelineId),
  pageserverConnectionInfo: optional("pageserver_connection_info", pageserverConnectionInfo),
  pageserverConnstring: optional("pageserver_connstring", secret),
  shardStripeSize: optional("shard_stripe_size", u32),
  projectId: optional("project_id", string),
  branchId: optional("branch_id", string),
  endpointId: optional("endpoint_id", string),
  safekeepersGeneration: optional("safekeepers_generation", u32),
  safekeeperConnstrings: defaulted("safekeeper_connstrings", list(string), []),
  mode: defaulted<ComputeMode>("mode", hinted(mode, modeHint), { kind: "primary" }),
  storageAuthToken: optional("storage_auth_token", secret),
  remoteExtensions: optional("remote_extensions", remoteExtensions),
  pgbouncerSettings: optional("pgbouncer_settings", map(string, string)),
  localProxyConfig: optional("local_proxy_config", localProxyConfig),
  reconfigureConcurrency: defaulted("reconfigure_concurrency", transformed(u64, Number), 1),
  dropSubscriptionsBeforeStart: defaulted("drop_subscriptions_before_start", boolean, false),
  auditLogLevel: defaulted<AuditLogLevel>("audit_log_level", auditLogLevel, "disabled"),
  logsExportHost: optional("logs_export_host", string),
  endpointStorageAddr: optional("endpoint_storage_addr", string),
  endpointStorageToken: optional("endpoint_storage_token", secret),
  autoprewarm: defaulted("autoprewarm", boolean, false),
  offloadLfcIntervalSeconds: optional("offload_lfc_interval_seconds", nonzeroU64),
  databricksSettings: optional("databricks_settings", databricksSettings),
};

export const computeSpec: Decoder<ComputeSpec> = titled("ComputeSpec", {
  ...members,
  suspendTimeoutSeconds: required("suspend_timeout_seconds", i64),
});

/** A spec that came without a wrapper, from writers older than `suspend_timeout_seconds` (CLI-8). */
export const bareSpec: Decoder<ComputeSpec> = titled("ComputeSpec", {
  ...members,
  suspendTimeoutSeconds: defaulted("suspend_timeout_seconds", i64, 0n),
});

function describeIdProblem(text: string): string {
  return hexIdProblem(text) ?? "not an id";
}
