import type { TenantId, TimelineId } from "../../base/ids.ts";
import type { Lsn } from "../../base/lsn.ts";
import { type MembershipConf, noConf, type TermHistory, walSegmentBytes } from "../../storage/walproposer/messages.ts";

/** What an acceptor keeps of a timeline on disk besides its WAL (chapter 06 §9). */
export interface ControlState {
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
  readonly term: bigint;
  readonly history: TermHistory;
  readonly conf: MembershipConf;
  readonly server: ServerFacts;
  /** The first LSN of the timeline; 0 as long as nothing was ever written. */
  readonly timelineStartLsn: Lsn;
  /** The first LSN that this acceptor has. */
  readonly localStartLsn: Lsn;
  readonly commitLsn: Lsn;
  readonly backupLsn: Lsn;
  /** No acceptor needs WAL below it from a proposer. */
  readonly peerHorizonLsn: Lsn;
  readonly remoteConsistentLsn: Lsn;
  /**
   * The end of the WAL on disk. A real safekeeper finds it by reading records; here every byte may end one, so it is
   * written down.
   */
  readonly flushLsn: Lsn;
}

/** Which Postgres writes the WAL. */
export interface ServerFacts {
  /** As in 170005. */
  readonly pgVersion: number;
  readonly systemId: bigint;
  readonly segmentBytes: number;
}

/** What a timeline is created with. */
export interface NewTimeline {
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
  readonly server: Pick<ServerFacts, "pgVersion" | "systemId">;
  /** 0 when nothing was ever written (SK-60), else as if made by the control plane (SK-61). */
  readonly startLsn: Lsn;
  readonly conf?: MembershipConf;
}

export function newControlState({ tenantId, timelineId, server, startLsn, conf = noConf }: NewTimeline): ControlState {
  return {
    tenantId,
    timelineId,
    term: 0n,
    history: startLsn === 0n ? [] : [{ term: 0n, lsn: startLsn }],
    conf,
    server: { ...server, segmentBytes: walSegmentBytes },
    timelineStartLsn: startLsn,
    localStartLsn: startLsn,
    commitLsn: startLsn,
    backupLsn: startLsn,
    peerHorizonLsn: startLsn,
    remoteConsistentLsn: startLsn,
    flushLsn: startLsn,
  };
}
