import type { TenantId, TimelineId } from "../base/ids.ts";
import { formatLsn, type Lsn } from "../base/lsn.ts";
import { shardIndex } from "../spec/pageserver-info.ts";
import type { ComputeMode, PageserverConnectionInfo } from "../spec/types.ts";
import type { ConnectionTarget } from "./connection-target.ts";
import { ConnectionTargetError } from "./errors.ts";

/** The branch that a request is about. */
export interface Branch {
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
}

/** The command of a safekeeper that tells how far its WAL reaches (SK-2). */
export const timelineStatusCommand = "TIMELINE_STATUS";

/** The command for a base backup (BASE-41). An LSN of zero means the newest and is never sent: it is below every GC cutoff. */
export function basebackupCommand({ tenantId, timelineId }: Branch, lsn: Lsn, mode: ComputeMode): string {
  const position = lsn === 0n ? [] : [formatLsn(lsn)];
  const replica = mode.kind === "primary" ? [] : ["--replica"];
  return ["basebackup", tenantId, timelineId, ...position, "--gzip", ...replica].join(" ");
}

/** What a client says of itself when it asks for a base backup (BASE-32). */
export function basebackupStartup(target: ConnectionTarget, mode: ComputeMode): ReadonlyMap<string, string> {
  return startup({
    user: target.user,
    database: target.database,
    options: `-c neon.compute_mode=${mode.kind}`,
    applicationName: "compute_ctl",
  });
}

/** What a client says of itself when it asks a safekeeper for its status (BASE-32). */
export function timelineStatusStartup(branch: Branch): ReadonlyMap<string, string> {
  return startup({ user: "no_user", database: null, options: branchOptions(branch), applicationName: null });
}

/** What a proposer says of itself to a safekeeper (SK-31). The user is of no interest there. */
export function proposerStartup(branch: Branch): ReadonlyMap<string, string> {
  return startup({ user: "no_user", database: "replication", options: branchOptions(branch), applicationName: null });
}

/** The command that opens a conversation about WAL; the safekeeper may make the timeline when it is told so (SK-2). */
export function walPushCommand(protocolVersion: 2 | 3, mayCreate: boolean): string {
  return `START_WAL_PUSH (proto_version '${protocolVersion}', allow_timeline_creation '${mayCreate}')`;
}

/** The command that reads WAL, also what is not committed yet, of a safekeeper in that term (SK-47). */
export function walReadCommand(lsn: Lsn, term: bigint): string {
  return `START_REPLICATION PHYSICAL ${formatLsn(lsn)} (term='${term}')`;
}

/**
 * The URL from which the base backup is taken: shard 0, its first pageserver (BASE-13). The libpq one, also when gRPC is
 * preferred: both serve the same archive.
 * @throws ConnectionTargetError when there is none
 */
export function basebackupUrl({ shardCount, shards }: PageserverConnectionInfo): string {
  const shard = shardIndex(0, shardCount);
  const found = shards.get(shard);
  if (found === undefined) throw new ConnectionTargetError(`shard connection info missing for shard ${shard}`);
  const [first] = found.pageservers;
  if (first === undefined) throw new ConnectionTargetError("must have at least one pageserver");
  if (first.libpqUrl === null) throw new ConnectionTargetError(`no libpq_url for shard ${shard}`);
  return first.libpqUrl;
}

function branchOptions({ tenantId, timelineId }: Branch): string {
  return `-c timeline_id=${timelineId} tenant_id=${tenantId}`;
}

function startup(self: {
  readonly user: string;
  readonly database: string | null;
  readonly options: string;
  readonly applicationName: string | null;
}): ReadonlyMap<string, string> {
  const params = new Map([
    ["client_encoding", "UTF8"],
    ["user", self.user],
  ]);
  if (self.database !== null) params.set("database", self.database);
  params.set("options", self.options);
  if (self.applicationName !== null) params.set("application_name", self.applicationName);
  return params;
}
