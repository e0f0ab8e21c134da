import { formatLsn, type Lsn } from "../../base/lsn.ts";
import { higher, lower } from "../../storage/walproposer/membership.ts";
import type {
  AcceptorMessage,
  AppendRequest,
  Elected,
  MembershipConf,
  ProposerMessage,
} from "../../storage/walproposer/messages.ts";
import { historyUpTo, startPoint } from "../../storage/walproposer/term-history.ts";
import type { ControlState } from "./control-state.ts";
import { firstSegmentHeaders, type PlacedBytes } from "./first-segment.ts";

/** One timeline of an acceptor in memory. */
export interface AcceptorState {
  readonly nodeId: bigint;
  /** As it is on disk. */
  readonly control: ControlState;
  /** The end of the WAL that was written; up to `control.flushLsn` it survives a crash. */
  readonly writtenLsn: Lsn;
  /** In memory these may be ahead of the disk. */
  readonly commitLsn: Lsn;
  readonly peerHorizonLsn: Lsn;
}

/** What an acceptor wants done. Each is over before the next begins, which is what makes its answers promises. */
export type AcceptorEffect =
  /** Puts the control state on disk, all of it or nothing. */
  | { readonly kind: "persist"; readonly control: ControlState }
  | { readonly kind: "write"; readonly beginLsn: Lsn; readonly data: Buffer }
  /** Forgets the WAL from there on. */
  | { readonly kind: "cut"; readonly lsn: Lsn }
  /** Brings all written WAL to disk. */
  | { readonly kind: "sync-wal" }
  | { readonly kind: "reply"; readonly message: AcceptorMessage }
  /** An AppendResponse is due, after `flush`, which may serve many requests at once (SK-65). */
  | { readonly kind: "owe-reply" }
  /** Ends the connection with an error. */
  | { readonly kind: "fail"; readonly reason: string };

/** A message of a proposer, or `flush`: its connection has nothing more to read for now. */
export type AcceptorEvent = ProposerMessage | { readonly kind: "flush" };

interface Step {
  readonly state: AcceptorState;
  readonly effects: readonly AcceptorEffect[];
}

/** An acceptor that comes up with what is on its disk. */
export function startAcceptor(nodeId: bigint, control: ControlState): AcceptorState {
  const { flushLsn, commitLsn, peerHorizonLsn } = control;
  return { nodeId, control, writtenLsn: flushLsn, commitLsn, peerHorizonLsn };
}

/** The acceptor's part of the consensus (SK-62 to SK-66). Pure: the effects are for the caller to carry out, in order. */
export function acceptorStep(state: AcceptorState, event: AcceptorEvent): Step {
  switch (event.kind) {
    case "greeting":
      return onGreeting(state, event);
    case "vote-request":
      return event.generation === state.control.conf.generation
        ? onVoteRequest(state, event.term)
        : wrong(state, event);
    case "elected":
      return event.generation === state.control.conf.generation ? onElected(state, event) : wrong(state, event);
    case "append-request":
      return event.generation === state.control.conf.generation ? onAppend(state, event) : wrong(state, event);
    case "flush":
      return onFlush(state);
  }
}

/** SK-62. */
function onGreeting(state: AcceptorState, greeting: Extract<ProposerMessage, { kind: "greeting" }>): Step {
  const { control, nodeId } = state;
  const problem = greetingProblem(state, greeting);
  if (problem !== undefined) return fail(state, problem);
  const conf = greeting.conf.generation > control.conf.generation ? greeting.conf : control.conf;
  const systemId = greeting.systemId === 0n ? control.server.systemId : greeting.systemId;
  const changed = conf !== control.conf || systemId !== control.server.systemId;
  const next = changed ? { ...control, conf, server: { ...control.server, systemId } } : control;
  return {
    state: { ...state, control: next },
    effects: [
      ...persisted(control, next),
      { kind: "reply", message: { kind: "greeting", nodeId, conf, term: control.term } },
    ],
  };
}

function greetingProblem(
  { control, nodeId }: AcceptorState,
  { tenantId, timelineId, pgVersion, segmentBytes, conf }: Extract<ProposerMessage, { kind: "greeting" }>,
): string | undefined {
  const { server } = control;
  if (tenantId !== control.tenantId) return `invalid tenant ID, got ${tenantId}, expected ${control.tenantId}`;
  if (timelineId !== control.timelineId)
    return `invalid timeline ID, got ${timelineId}, expected ${control.timelineId}`;
  if (majorOf(pgVersion) !== majorOf(server.pgVersion))
    return `invalid server version ${pgVersion}, expected ${server.pgVersion}`;
  if (segmentBytes !== server.segmentBytes)
    return `invalid wal_seg_size, got ${segmentBytes}, expected ${server.segmentBytes}`;
  if (conf.generation > control.conf.generation && !isMember(conf, nodeId))
    return `refusing generation ${conf.generation}: node ${nodeId} is not a member`;
  return undefined;
}

/** SK-63. A vote is a promise, so what it tells and the term are on disk before it is given. */
function onVoteRequest(state: AcceptorState, term: bigint): Step {
  const given = state.control.term < term;
  const flushed = { ...state.control, flushLsn: state.writtenLsn };
  const control = given ? { ...flushed, term } : flushed;
  return {
    state: { ...state, control },
    effects: [
      { kind: "sync-wal" },
      ...persisted(state.control, control),
      {
        kind: "reply",
        message: {
          kind: "vote-response",
          generation: control.conf.generation,
          term: control.term,
          given,
          flushLsn: control.flushLsn,
          truncateLsn: state.peerHorizonLsn,
          history: historyUpTo(control.history, control.flushLsn),
        },
      },
    ],
  };
}

/** SK-64. History and end of the WAL change in one write: neither is true without the other. */
function onElected(state: AcceptorState, { term, startStreamingAt, history }: Elected): Step {
  const { control } = state;
  if (control.term > term) return { state, effects: [] };
  const [first] = history;
  if (first === undefined) return fail(state, "elected with an empty term history");
  const log = { history: historyUpTo(control.history, state.writtenLsn), flushLsn: state.writtenLsn };
  const point = startPoint(history, term, log);
  if (point !== startStreamingAt) {
    const ours = point === undefined ? "there is no common point" : `the common point is ${formatLsn(point)}`;
    return fail(state, `proposer streams from ${formatLsn(startStreamingAt)}, but ${ours}`);
  }
  if (point < higher(control.commitLsn, state.commitLsn)) {
    return fail(state, `proposer would cut committed WAL, from ${formatLsn(point)} on`);
  }
  const timelineStartLsn = orElse(control.timelineStartLsn, first.lsn);
  const next: ControlState = {
    ...control,
    term,
    history,
    timelineStartLsn,
    localStartLsn: orElse(control.localStartLsn, point),
    commitLsn: higher(control.commitLsn, timelineStartLsn),
    backupLsn: higher(control.backupLsn, timelineStartLsn),
    remoteConsistentLsn: higher(control.remoteConsistentLsn, timelineStartLsn),
    peerHorizonLsn: orElse(control.peerHorizonLsn, timelineStartLsn),
    flushLsn: point,
  };
  return {
    state: {
      ...state,
      control: next,
      writtenLsn: point,
      commitLsn: higher(state.commitLsn, timelineStartLsn),
      peerHorizonLsn: orElse(state.peerHorizonLsn, timelineStartLsn),
    },
    // What was written below the point has to be there before a control state says so.
    effects: [
      ...(control.timelineStartLsn === 0n ? firstSegmentHeaders(timelineStartLsn, control.server).map(toWrite) : []),
      { kind: "sync-wal" },
      { kind: "persist", control: next },
      { kind: "cut", lsn: point },
    ],
  };
}

/** SK-65. */
function onAppend(state: AcceptorState, { term, beginLsn, commitLsn, truncateLsn, data }: AppendRequest): Step {
  const { control } = state;
  if (control.term > term) {
    return { state, effects: [{ kind: "reply", message: appendResponse(control.conf, control.term, 0n, 0n) }] };
  }
  // Stricter than the original, which looks at the term only: after a vote that is the same without an election.
  if (control.term < term || control.history.at(-1)?.term !== term)
    return fail(state, "got AppendRequest before ProposerElected");
  if (beginLsn !== state.writtenLsn)
    return fail(state, `WAL from ${formatLsn(beginLsn)} on does not follow ${formatLsn(state.writtenLsn)}`);
  const committed = commitLsn === 0n ? state.commitLsn : lower(higher(commitLsn, state.commitLsn), control.flushLsn);
  const lastStart = control.history.at(-1)?.lsn ?? 0n;
  // From there on a new election would otherwise have to ask what the last one already settled.
  const settles = control.commitLsn < lastStart && committed >= lastStart;
  const next = settles ? { ...control, commitLsn: committed } : control;
  return {
    state: {
      ...state,
      control: next,
      writtenLsn: beginLsn + BigInt(data.length),
      commitLsn: committed,
      peerHorizonLsn: higher(state.peerHorizonLsn, truncateLsn),
    },
    effects: [
      ...(data.length === 0 ? [] : [{ kind: "write", beginLsn, data } as const]),
      ...persisted(control, next),
      { kind: "owe-reply" },
    ],
  };
}

/** SK-65, SK-66: what is acknowledged is on disk, and the commit position told is the one on disk. */
function onFlush(state: AcceptorState): Step {
  const { writtenLsn, control } = state;
  const flushed = writtenLsn === control.flushLsn ? control : { ...control, flushLsn: writtenLsn };
  const message = appendResponse(flushed.conf, flushed.term, flushed.flushLsn, flushed.commitLsn);
  return {
    state: { ...state, control: flushed },
    effects: [{ kind: "sync-wal" }, ...persisted(control, flushed), { kind: "reply", message }],
  };
}

function appendResponse(conf: MembershipConf, term: bigint, flushLsn: Lsn, commitLsn: Lsn): AcceptorMessage {
  const standby = { standbyTime: 0n, standbyXmin: 0n, standbyCatalogXmin: 0n, feedback: null };
  return { kind: "append-response", generation: conf.generation, term, flushLsn, commitLsn, ...standby };
}

function toWrite(bytes: PlacedBytes): AcceptorEffect {
  return { kind: "write", ...bytes };
}

function persisted(before: ControlState, after: ControlState): readonly AcceptorEffect[] {
  return before === after ? [] : [{ kind: "persist", control: after }];
}

function wrong(state: AcceptorState, { generation }: { readonly generation: number }): Step {
  return fail(state, `got generation ${generation}, expected ${state.control.conf.generation}`);
}

function fail(state: AcceptorState, reason: string): Step {
  return { state, effects: [{ kind: "fail", reason }] };
}

function orElse(lsn: Lsn, fallback: Lsn): Lsn {
  return lsn === 0n ? fallback : lsn;
}

function majorOf(pgVersion: number): number {
  return Math.floor(pgVersion / 10_000);
}

function isMember({ members, newMembers }: MembershipConf, nodeId: bigint): boolean {
  return [...members, ...newMembers].some((member) => member.nodeId === nodeId);
}
