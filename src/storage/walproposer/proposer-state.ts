import type { TenantId, TimelineId } from "../../base/ids.ts";
import type { Lsn } from "../../base/lsn.ts";
import type { Electorate } from "./membership.ts";
import type {
  AcceptorMessage,
  AppendResponse,
  MembershipConf,
  ProposerMessage,
  TermHistory,
  VoteResponse,
} from "./messages.ts";

/** What a sync is about, and its times in milliseconds. */
export interface ProposerConfig {
  /** The endpoint list, `host:port` each, 1 to 31 of them. A link is known by its index here. */
  readonly hostPorts: readonly string[];
  /** The generation that the list was given with, 0 for none. */
  readonly generation: number;
  readonly tenantId: TenantId;
  readonly timelineId: TimelineId;
  /** As in 170005 (SK-32). */
  readonly pgVersion: number;
  /** A term that is known to have been used; ours will be later. 0 when none is. */
  readonly termFloor: bigint;
  /** How long an acceptor that owes an answer may keep silent (SK-50). */
  readonly silenceMsMax: number;
  /** The most WAL in one message, in bytes. */
  readonly walBytesMax: number;
}

/** The state of a connection to one acceptor; "connecting" lasts until the COPY BOTH is open (chapter 06 §8.3). */
type LinkPhase = "offline" | "connecting" | "handshake" | "wait-voting" | "wait-verdict" | "wait-elected" | "active";

/** One entry of the endpoint list. What was learned from the acceptor outlives its connections. */
export interface Link {
  readonly hostPort: string;
  readonly phase: LinkPhase;
  /** Since when we wait for the acceptor to say something. */
  readonly sinceMs: number;
  readonly openedMs: number;
  readonly nodeId: bigint | null;
  /** The last term that a vote was asked for, and how often. */
  readonly asked: { readonly term: bigint; readonly times: number };
  /** The last vote that counts as given. */
  readonly vote: VoteResponse | null;
  readonly lastAck: AppendResponse | null;
  /** Up to where WAL was sent. */
  readonly sentLsn: Lsn;
  /** The end of the WAL that is being read for this acceptor; null when nothing is. */
  readonly readingTo: Lsn | null;
  /** Why it is, or last was, offline. */
  readonly trouble: string | null;
}

/** What an election decided (SK-44). */
export interface Election {
  /** The link whose log is everybody's from now on. */
  readonly donor: number;
  /** Where that log ends, and where the new term begins. */
  readonly startLsn: Lsn;
  /** With the new term as its last entry. */
  readonly history: TermHistory;
}

/** How a sync ended. */
export type Outcome =
  | { readonly kind: "finished"; readonly lsn: Lsn }
  /** Trying again from the start may help, above the highest term that was heard of. */
  | { readonly kind: "aborted"; readonly reason: string; readonly term: bigint };

export interface ProposerState {
  readonly config: ProposerConfig;
  readonly phase: "collect" | "campaign" | "elected";
  readonly conf: MembershipConf;
  readonly term: bigint;
  readonly election: Election | null;
  readonly commitLsn: Lsn;
  readonly truncateLsn: Lsn;
  readonly links: readonly Link[];
  /** How often the campaign was begun anew because a vote may have been lost on its way. */
  readonly restarts: number;
  readonly outcome: Outcome | null;
}

/** What happens to a proposer. Events of a link are those of its newest connection. */
export type ProposerEvent = { readonly nowMs: number } & (
  | { readonly kind: "start" }
  /** The acceptor is in COPY BOTH. */
  | { readonly kind: "link-up"; readonly link: number }
  | { readonly kind: "link-down"; readonly link: number; readonly reason: string }
  | { readonly kind: "message"; readonly link: number; readonly message: AcceptorMessage }
  /** The WAL asked for by `read-wal`, all of it. */
  | { readonly kind: "wal"; readonly link: number; readonly beginLsn: Lsn; readonly data: Buffer }
  | { readonly kind: "wal-failed"; readonly link: number; readonly reason: string }
  /** Once a second (SK-50). */
  | { readonly kind: "tick" }
  /** The time for the whole sync is over. */
  | { readonly kind: "deadline" }
);

/** What a proposer wants done, in this order. */
export type ProposerEffect =
  | { readonly kind: "open"; readonly link: number }
  /** Drops the connection, and what is being read for it. */
  | { readonly kind: "close"; readonly link: number }
  | { readonly kind: "send"; readonly link: number; readonly message: ProposerMessage }
  /** Reads WAL of `source`, which has voted in `term`, to be sent to `link`. */
  | {
      readonly kind: "read-wal";
      readonly link: number;
      readonly source: number;
      readonly term: bigint;
      readonly beginLsn: Lsn;
      readonly endLsn: Lsn;
    }
  /** The last effect of all. What was sent before it should still reach the acceptors (trap 15). */
  | { readonly kind: "end"; readonly outcome: Outcome };

/** A proposer that has not begun; its first event is `start`. */
export function newProposer(config: ProposerConfig): ProposerState {
  return {
    config,
    phase: "collect",
    conf: { generation: 0, members: [], newMembers: [] },
    term: config.termFloor,
    election: null,
    commitLsn: 0n,
    truncateLsn: 0n,
    links: config.hostPorts.map(newLink),
    restarts: 0,
    outcome: null,
  };
}

/** Who decides, as far as is known by now (SK-42). */
export function electorateOf({ config, conf }: ProposerState): Electorate {
  if (conf.generation > 0) return { kind: "members", conf };
  return config.generation === 0 ? { kind: "entries", count: config.hostPorts.length } : { kind: "unknown" };
}

function newLink(hostPort: string): Link {
  return {
    hostPort,
    phase: "offline",
    sinceMs: 0,
    openedMs: 0,
    nodeId: null,
    asked: { term: 0n, times: 0 },
    vote: null,
    lastAck: null,
    sentLsn: 0n,
    readingTo: null,
    trouble: null,
  };
}
