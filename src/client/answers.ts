import { boolean, float, oneOf, string, transformed, u64 } from "../base/decode-scalars.ts";
import { list, object, optional, required } from "../base/decode-structures.ts";
import type { Decoder } from "../base/decoder.ts";

/*
 * What the API answers with, each once: the decoder is the type. Names are those of the document, so that a value printed
 * as JSON is what the server sent. Members that the document does not know are left out.
 */

type ReadBy<D> = D extends Decoder<infer T> ? T : never;

/** The statuses of a compute, as `/status` spells them. */
export const computeStatusNames = [
  "empty",
  "configuration_pending",
  "init",
  "running",
  "configuration",
  "failed",
  "termination_pending_fast",
  "termination_pending_immediate",
  "terminated",
  "refresh_configuration_pending",
  "refresh_configuration",
] as const;

export type ComputeStatusName = (typeof computeStatusNames)[number];

const statusName = oneOf(...computeStatusNames);
const count: Decoder<number> = transformed(u64, Number);

const statusMembers = {
  start_time: required("start_time", string),
  tenant: optional("tenant", string),
  timeline: optional("timeline", string),
  status: required("status", statusName),
  last_active: optional("last_active", string),
  error: optional("error", string),
};

/** The answer of `/status` (HTTP-32). */
export const computeStatusObject = object(statusMembers);
export type ComputeStatusObject = ReadBy<typeof computeStatusObject>;

const rejectedSetting = object({
  name: optional("name", string),
  file: required("file", string),
  line: required("line", count),
  reason: required("reason", string),
});

/** What `/status?detail=true` tells besides (HTTP-82). */
export const statusDetail = object({
  features: required(
    "features",
    object({ on: required("on", list(string)), unknown: required("unknown", list(string)) }),
  ),
  settings: optional(
    "settings",
    object({
      rejected: required("rejected", list(rejectedSetting)),
      pending_restart: required("pending_restart", list(string)),
      overruled: required("overruled", list(string)),
    }),
  ),
  tls: optional(
    "tls",
    object({
      not_after: required("not_after", string),
      installed_at: required("installed_at", string),
      problem: optional("problem", string),
    }),
  ),
});
export type StatusDetail = ReadBy<typeof statusDetail>;

/** The answer of `/status?detail=true`; `detail` is null where the server does not know the parameter. */
export const detailedStatusObject = object({ ...statusMembers, detail: optional("detail", statusDetail) });
export type DetailedStatusObject = ReadBy<typeof detailedStatusObject>;

/** The answer of `/metrics.json` (HTTP-34). */
export const startupMetrics = object({
  wait_for_spec_ms: required("wait_for_spec_ms", count),
  sync_sk_check_ms: required("sync_sk_check_ms", count),
  sync_safekeepers_ms: required("sync_safekeepers_ms", count),
  pageserver_connect_micros: required("pageserver_connect_micros", count),
  basebackup_ms: required("basebackup_ms", count),
  basebackup_bytes: required("basebackup_bytes", count),
  start_postgres_ms: required("start_postgres_ms", count),
  config_ms: required("config_ms", count),
  total_startup_ms: required("total_startup_ms", count),
  load_ext_ms: required("load_ext_ms", count),
  num_ext_downloaded: required("num_ext_downloaded", count),
  largest_ext_size: required("largest_ext_size", count),
  total_ext_download_size: required("total_ext_download_size", count),
});
export type StartupMetrics = ReadBy<typeof startupMetrics>;

/** The answer of `/terminate` (HTTP-51). */
export const terminateResult = object({ lsn: optional("lsn", string) });
export type TerminateResult = ReadBy<typeof terminateResult>;

/** One change that the compute was asked for, and what became of it. */
export const operation = object({
  id: required("id", string),
  kind: required("kind", oneOf("start", "configure", "refresh", "renew-certificate", "terminate")),
  state: required("state", oneOf("running", "succeeded", "failed")),
  error: optional("error", string),
  started_at: required("started_at", string),
  ended_at: optional("ended_at", string),
});
export type Operation = ReadBy<typeof operation>;

/** The answer of `/operations`, the oldest first. */
export const operationList = object({ operations: required("operations", list(operation)) });

/** One step of the start, in milliseconds since the process began; `end_ms` is null while it goes on. */
const phase = object({
  name: required("name", string),
  start_ms: required("start_ms", float),
  end_ms: optional("end_ms", float),
});
export type Phase = ReadBy<typeof phase>;

/** A status and since when it was in force. */
const statusChange = object({ status: required("status", statusName), at: required("at", string) });

/** The answer of `/timeline`: the waterfall of the start, and the newest changes of status, the oldest first. */
export const timeline = object({
  phases: required("phases", list(phase)),
  changes: required("changes", list(statusChange)),
});
export type Timeline = ReadBy<typeof timeline>;

/** The answer of `/migrations` (HTTP-81). */
export const migrations = object({
  state: required("state", oneOf("waiting", "running", "done", "failed")),
  applied: optional("applied", count),
  total: required("total", count),
  failed: optional("failed", object({ id: optional("id", count), error: required("error", string) })),
});
export type Migrations = ReadBy<typeof migrations>;

/** One change of a plan; without `database` it is made in the system database. */
const planStep = object({
  kind: required("kind", string),
  database: optional("database", string),
  what: required("what", string),
  why: required("why", string),
});

/** The answer of `/plan` (HTTP-80): what another apply would change. */
export const catalogPlan = object({
  changes: required("changes", boolean),
  phases: required(
    "phases",
    list(object({ name: required("name", string), steps: required("steps", list(planStep)) })),
  ),
  warnings: required("warnings", list(string)),
});
export type CatalogPlan = ReadBy<typeof catalogPlan>;

/** The answer of `/logs`: whole lines without their ends, the oldest first. */
export const logLines = object({ lines: required("lines", list(string)) });
export type LogLines = ReadBy<typeof logLines>;
