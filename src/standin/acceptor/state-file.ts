import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parsed, string, u32 } from "../../base/decode-scalars.ts";
import { list, object, required } from "../../base/decode-structures.ts";
import { type Decoder, readDocument } from "../../base/decoder.ts";
import { parseTenantId, parseTimelineId } from "../../base/ids.ts";
import { parseJson } from "../../base/json.ts";
import type { ControlState } from "./control-state.ts";

/** 64-bit numbers are texts here, because readers of JSON like to make doubles of numbers. */
const u64 = parsed(
  "a whole number in a text",
  (text) => (/^\d{1,20}$/.test(text) ? BigInt.asUintN(64, BigInt(text)) : undefined),
  () => "not a whole number",
);

const member = object({
  nodeId: required("node_id", u64),
  host: required("host", string),
  port: required("port", u32),
});

const controlState: Decoder<ControlState> = object({
  tenantId: required(
    "tenant_id",
    parsed("a tenant id", parseTenantId, () => "not a tenant id"),
  ),
  timelineId: required(
    "timeline_id",
    parsed("a timeline id", parseTimelineId, () => "not a timeline id"),
  ),
  term: required("term", u64),
  history: required("history", list(object({ term: required("term", u64), lsn: required("lsn", u64) }))),
  conf: required(
    "conf",
    object({
      generation: required("generation", u32),
      members: required("members", list(member)),
      newMembers: required("new_members", list(member)),
    }),
  ),
  server: required(
    "server",
    object({
      pgVersion: required("pg_version", u32),
      systemId: required("system_id", u64),
      segmentBytes: required("segment_bytes", u32),
    }),
  ),
  timelineStartLsn: required("timeline_start_lsn", u64),
  localStartLsn: required("local_start_lsn", u64),
  commitLsn: required("commit_lsn", u64),
  backupLsn: required("backup_lsn", u64),
  peerHorizonLsn: required("peer_horizon_lsn", u64),
  remoteConsistentLsn: required("remote_consistent_lsn", u64),
  flushLsn: required("flush_lsn", u64),
});

/** Replaces the file: after a crash it holds the old state or the new one, and after this call the new one. */
export function writeStateFile(path: string, control: ControlState): void {
  const temporary = `${path}.new`;
  writeFileSync(temporary, `${JSON.stringify(control, replaceMember, 2)}\n`, { flush: true });
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

/** What the file holds, or undefined when there is none. @throws Error for one that is damaged */
export function readStateFile(path: string): ControlState | undefined {
  if (!existsSync(path)) return undefined;
  const read = readDocument(controlState, parseJson(readFileSync(path, "utf8")));
  if (read.ok) return read.value;
  const [first] = read.problems;
  throw new Error(`${path} is damaged: ${first?.path} ${first?.message}; remove the folder to begin anew`);
}

/** Makes the names in a folder survive a crash. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function replaceMember(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [snakeCase(name), inner]));
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
