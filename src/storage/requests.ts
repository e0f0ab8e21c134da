import type { TenantId, TimelineId } from "../base/ids.ts";
import { formatLsn, type Lsn } from "../base/lsn.ts";
import type { ComputeMode } from "../spec/types.ts";
import type { ConnectionTarget } from "./connection-target.ts";
import type { BasebackupQuery, LeaseAnswer } from "./page-service.ts";
import { tenantShardId } from "./pageserver-addresses.ts";
import { ProtocolError } from "./wire/protocol-error.ts";

/** The branch that a request is about. */
export interface Branch {
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
}

/** The command of a safekeeper that tells how far its WAL reaches (SK-2). */
export const timelineStatusCommand = "TIMELINE_STATUS";

/** The command for a base backup (BASE-41). An LSN of zero means the newest and is never sent: it is below every GC cutoff. */
export function basebackupCommand(
  { tenantId, timelineId }: Branch,
  { lsn, mode, compression }: BasebackupQuery,
): string {
  const position = lsn === 0n ? [] : [formatLsn(lsn)];
  const gzip = compression === "gzip" ? ["--gzip"] : [];
  const replica = mode.kind === "primary" ? [] : ["--replica"];
  return ["basebackup", tenantId, timelineId, ...position, ...gzip, ...replica].join(" ");
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

/** The command for a lease on a position, by a simple query (LSN-3). @param shard the shard's index, as in `0204` */
export function leaseCommand({ tenantId, timelineId }: Branch, shard: string, lsn: Lsn): string {
  return `lease lsn ${tenantShardId(tenantId, shard)} ${timelineId} ${formatLsn(lsn)}`;
}

/** What a client says of itself when it asks for a lease: what its URL says and no more (BASE-32). */
export function leaseStartup(target: ConnectionTarget): ReadonlyMap<string, string> {
  return startup(target);
}

/**
 * Reads the answer about a lease, `valid_until` in decimal milliseconds since 1970 (LSN-3).
 * @param value null for a refusal, undefined when there is no such column or no row
 * @throws ProtocolError when it is none of these
 */
export function readValidUntil(value: string | null | undefined): LeaseAnswer {
  if (value === null) return { kind: "refused" };
  if (value === undefined || !/^\d{1,15}$/.test(value))
    throw new ProtocolError("the answer about a lease has no time of expiry");
  return { kind: "granted", expiresMs: Number(value) };
}

function branchOptions({ tenantId, timelineId }: Branch): string {
  return `-c timeline_id=${timelineId} tenant_id=${tenantId}`;
}

function startup(self: {
  readonly user: string;
  readonly database: string | null;
  readonly options: string | null;
  readonly applicationName: string | null;
}): ReadonlyMap<string, string> {
  const params = new Map([
    ["client_encoding", "UTF8"],
    ["user", self.user],
  ]);
  if (self.database !== null) params.set("database", self.database);
  if (self.options !== null) params.set("options", self.options);
  if (self.applicationName !== null) params.set("application_name", self.applicationName);
  return params;
}
