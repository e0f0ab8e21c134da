import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { TenantId, TimelineId } from "../base/ids.ts";
import { formatLsn, type Lsn } from "../base/lsn.ts";
import { once } from "../base/once.ts";
import { shardIndex } from "../spec/pageserver-info.ts";
import type { BaseImage } from "./base-image.ts";
import { CommandFailure, HangUp } from "./command-failure.ts";
import { type PageserverFault, spoilChunk } from "./faults.ts";
import { refusal, type StorageClaims } from "./token-claims.ts";

/** A branch that the stand-in holds; all hold the same data. */
export interface StandinTimeline {
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
  readonly archived?: boolean;
}

/** Which shards of its tenants a pageserver holds; a count of 0 means that they are not sharded. */
export interface HeldShards {
  readonly count: number;
  readonly numbers: readonly number[];
}

/** What the service is made of. */
export interface PageServiceOptions {
  readonly image: BaseImage;
  readonly timelines: readonly StandinTimeline[];
  /** Unsharded when it is left out. */
  readonly shards?: HeldShards | undefined;
  /** 10 minutes when it is left out (LSN-9). */
  readonly leaseMs?: number | undefined;
}

/** Who asks, and what is to go wrong with that. */
export interface Caller {
  /** Null where the server trusts everyone. */
  readonly claims: StorageClaims | null;
  readonly fault: PageserverFault | null;
}

/** What is asked about. */
export interface Subject {
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
  /** The shard's index, as in `0204`. */
  readonly shard: string;
}

/** A lease as it was given. */
export interface GivenLease {
  readonly shard: string;
  readonly lsn: Lsn;
  readonly expiresMs: number;
}

/** What a pageserver does, whatever the protocol. Everything throws CommandFailure, and HangUp where a fault wants that. */
export interface PageService {
  /** The index of the shard that base backups come from. */
  readonly shardZero: string;
  /** Makes the checks of BASE-40, and returns the archive. @param lsn null for the newest */
  basebackup(
    caller: Caller,
    subject: Subject,
    request: { readonly lsn: Lsn | null; readonly gzip: boolean; readonly chunkBytes: number },
  ): AsyncGenerator<Buffer>;
  /** Gives or prolongs a lease (LSN-9); undefined when it is refused. */
  lease(caller: Caller, subject: Subject, lsn: Lsn): GivenLease | undefined;
}

const leaseMsDefault = 600_000;

export function createPageService(options: PageServiceOptions): PageService {
  const { image, timelines, shards = { count: 0, numbers: [0] }, leaseMs = leaseMsDefault } = options;
  // A pageserver has the archive at hand; here it is unpacked at the first request for it.
  const plain = once(() => promisify(gunzip)(image.gzip));
  const held = new Set(shards.numbers.map((number) => shardIndex(number, shards.count)));
  const leases = new Map<string, GivenLease>();

  const find = ({ claims }: Caller, { tenantId, timelineId, shard }: Subject): void => {
    const refused = claims === null ? undefined : refusal(claims, tenantId, "pageserver");
    if (refused !== undefined) throw new CommandFailure("unauthorized", refused);
    const ofTenant = timelines.filter((timeline) => timeline.tenantId === tenantId);
    const shardId = shards.count === 0 && shard === "0000" ? tenantId : `${tenantId}-${shard}`;
    if (ofTenant.length === 0 || !held.has(shard)) throw new CommandFailure("not-found", `Tenant ${shardId} not found`);
    const timeline = ofTenant.find((candidate) => candidate.timelineId === timelineId);
    if (timeline === undefined) {
      throw new CommandFailure("not-found", `Timeline ${tenantId}/${timelineId} was not found`);
    }
    if (timeline.archived) {
      const message = "timeline is archived";
      throw new CommandFailure("not-found", message, { grpc: { code: "FAILED_PRECONDITION", message } });
    }
  };

  return {
    shardZero: shardIndex(0, shards.count),
    async *basebackup(caller, subject, { lsn, gzip, chunkBytes }) {
      find(caller, subject);
      if (lsn !== null) checkLsn(lsn, image.lsn);
      const { fault } = caller;
      if (fault?.kind === "error-before-copy") throw fault.failure;
      // The first piece is what tells the caller that the checks are over.
      yield Buffer.alloc(0);
      const archive = async (): Promise<Buffer> => (gzip ? image.gzip : plain());
      yield* spoiled(fault, payload(fault, archive, chunkBytes));
    },
    lease(caller, subject, lsn) {
      find(caller, subject);
      const { fault } = caller;
      if (fault?.kind === "lease-error") throw fault.failure;
      const key = `${subject.tenantId}/${subject.timelineId}/${subject.shard}/${lsn}`;
      const known = leases.get(key);
      if (fault?.kind === "lease-refused" || (known === undefined && lsn < image.lsn)) return undefined;
      const expiresMs = Math.max(known?.expiresMs ?? 0, Date.now() + leaseMs);
      const lease = { shard: subject.shard, lsn, expiresMs };
      leases.set(key, lease);
      return lease;
    },
  };
}

/** One position is all that this stand-in holds: what is below is garbage-collected, what is above never arrives. */
function checkLsn(lsn: Lsn, last: Lsn): void {
  const [asked, held] = [formatLsn(lsn), formatLsn(last)];
  if (lsn > last) {
    const text = `Timed out while waiting for WAL record at LSN ${asked} to arrive, last_record_lsn ${held}`;
    throw new CommandFailure("other", text);
  }
  if (lsn < last) {
    const cause = new Error(`LSN ${asked} is earlier than latest GC cutoff ${held}`);
    const message = `invalid basebackup LSN: ${cause.message}`;
    throw new CommandFailure("other", "invalid basebackup lsn", { cause, grpc: { code: "INVALID_ARGUMENT", message } });
  }
}

async function* spoiled(fault: PageserverFault | null, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let sentBytes = 0;
  for await (const chunk of chunks) {
    const { send, next } = spoilChunk(fault, sentBytes, chunk);
    if (send.length > 0) yield send;
    sentBytes += send.length;
    if (next === "end") break;
    if (next === "close") throw new HangUp("fault: close-mid-copy");
    if (next === "error" && fault?.kind === "error-mid-copy") throw fault.failure;
    if (fault?.kind === "trickle") await delay(fault.pauseMs);
  }
  if (fault?.kind === "error-after-copy") throw fault.failure;
}

async function* payload(
  fault: PageserverFault | null,
  archive: () => Promise<Buffer>,
  chunkBytes: number,
): AsyncGenerator<Buffer> {
  const pieceBytes = fault?.kind === "trickle" ? fault.chunkBytes : chunkBytes;
  yield* slices(fault?.kind === "other-archive" ? fault.bytes : await archive(), pieceBytes);
}

function* slices(bytes: Buffer, sliceBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += sliceBytes) yield bytes.subarray(at, at + sliceBytes);
}
