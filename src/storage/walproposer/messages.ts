import type { TenantId, TimelineId } from "../../base/ids.ts";
import type { Lsn } from "../../base/lsn.ts";

/*
 * What a proposer (the compute's side) and an acceptor (a safekeeper) say to each other about the end of the WAL, whatever
 * the version of the protocol (chapter 06 §8). One message is one CopyData.
 */

/** The most WAL that one AppendRequest carries, in bytes (SK-32). */
export const walPayloadBytesMax = 131_072;
/** The size of a WAL segment, in bytes (SK-32). */
export const walSegmentBytes = 16_777_216;

/** From which LSN on the WAL was written in which term. */
export interface TermEntry {
  readonly term: bigint;
  readonly lsn: Lsn;
}

/** Ascending in terms and in LSNs. */
export type TermHistory = readonly TermEntry[];

/** A safekeeper as a member of a configuration. */
export interface Member {
  readonly nodeId: bigint;
  readonly host: string;
  readonly port: number;
}

/** Which safekeepers vote ("mconf"). While they change, both sets have to agree; `newMembers` is empty otherwise. */
export interface MembershipConf {
  /** 0 means that there is none yet: then `members` is empty. */
  readonly generation: number;
  readonly members: readonly Member[];
  readonly newMembers: readonly Member[];
}

/** The configuration of those who have none. */
export const noConf: MembershipConf = { generation: 0, members: [], newMembers: [] };

/** The first message on a connection. */
interface ProposerGreeting {
  readonly kind: "greeting";
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
  readonly conf: MembershipConf;
  /** As in 170005; only the major version counts. */
  readonly pgVersion: number;
  readonly systemId: bigint;
  readonly segmentBytes: number;
}

/** Asks for the acceptor's vote in a term. */
interface VoteRequest {
  readonly kind: "vote-request";
  readonly generation: number;
  readonly term: bigint;
}

/** Tells that the proposer was elected, what the WAL's history is now, and from where it will send WAL. */
export interface Elected {
  readonly kind: "elected";
  readonly generation: number;
  readonly term: bigint;
  readonly startStreamingAt: Lsn;
  readonly history: TermHistory;
}

/** Brings WAL, or none as a heartbeat. It ends at `beginLsn` plus the length of `data`, which may share memory. */
export interface AppendRequest {
  readonly kind: "append-request";
  readonly generation: number;
  readonly term: bigint;
  readonly beginLsn: Lsn;
  readonly commitLsn: Lsn;
  readonly truncateLsn: Lsn;
  readonly data: Buffer;
}

export type ProposerMessage = ProposerGreeting | VoteRequest | Elected | AppendRequest;

/** The answer to a greeting. */
export interface AcceptorGreeting {
  readonly kind: "greeting";
  readonly nodeId: bigint;
  readonly conf: MembershipConf;
  readonly term: bigint;
}

/** The verdict on a vote request, and how far the acceptor's WAL goes. */
export interface VoteResponse {
  readonly kind: "vote-response";
  readonly generation: number;
  readonly term: bigint;
  readonly given: boolean;
  readonly flushLsn: Lsn;
  readonly truncateLsn: Lsn;
  readonly history: TermHistory;
}

/** How far WAL is on the acceptor's disk, and what it knows to be committed. */
export interface AppendResponse {
  readonly kind: "append-response";
  readonly generation: number;
  readonly term: bigint;
  readonly flushLsn: Lsn;
  readonly commitLsn: Lsn;
  /** Of a hot standby: microseconds since 2000, and its oldest transactions. */
  readonly standbyTime: bigint;
  readonly standbyXmin: bigint;
  readonly standbyCatalogXmin: bigint;
  /** What the pageserver reports; null when the message carries none. The sync ignores it. */
  readonly feedback: readonly FeedbackItem[] | null;
}

/** One named value of a pageserver's feedback. */
export interface FeedbackItem {
  readonly key: string;
  readonly value: Buffer;
}

export type AcceptorMessage = AcceptorGreeting | VoteResponse | AppendResponse;

/**
 * The bytes of one version of the protocol. Decoding throws a ProtocolError when a message is none of that version, is cut
 * off, or has bytes left over; it holds no more than a small multiple of the bytes it was given.
 */
export interface MessageCodec {
  encodeProposer(message: ProposerMessage): Buffer;
  decodeProposer(bytes: Buffer): ProposerMessage;
  encodeAcceptor(message: AcceptorMessage): Buffer;
  decodeAcceptor(bytes: Buffer): AcceptorMessage;
}
