import { formatLsn, type Lsn } from "../../base/lsn.ts";
import { higher, lower, quorumPosition } from "./membership.ts";
import type { AppendRequest, AppendResponse } from "./messages.ts";
import { type Election, electorateOf } from "./proposer-state.ts";
import { startPoint } from "./term-history.ts";
import type { Turn } from "./turn.ts";

const noWal = Buffer.alloc(0);

/** Tells a voter the outcome, and starts to bring it up to the end of the log (SK-45). */
export function welcomeVoter(turn: Turn, index: number, election: Election): void {
  const { vote } = turn.link(index);
  const { term, conf } = turn.state;
  const { history, startLsn } = election;
  const startStreamingAt = vote === null ? undefined : startPoint(history, term, vote);
  if (startStreamingAt === undefined || startStreamingAt > startLsn) {
    turn.lose(index, "its term history contradicts that of the elected log");
    return;
  }
  const generation = conf.generation;
  turn.do({ kind: "send", link: index, message: { kind: "elected", generation, term, startStreamingAt, history } });
  turn.updateLink(index, { phase: "active", sinceMs: turn.nowMs, sentLsn: startStreamingAt, readingTo: null });
  sendNext(turn, index, election);
}

/** Sends what an active link is to have next: an empty request when it has all WAL, else WAL, as soon as it is read (SK-46). */
export function sendNext(turn: Turn, index: number, election: Election): void {
  const { sentLsn, readingTo } = turn.link(index);
  if (readingTo !== null) return;
  const { startLsn } = election;
  if (sentLsn === startLsn) {
    turn.do({ kind: "send", link: index, message: appendRequest(turn, sentLsn, noWal) });
    return;
  }
  const source = sourceFor(turn, index, election);
  if (source === undefined) {
    turn.lose(index, `no other safekeeper that is connected has the WAL after ${formatLsn(sentLsn)}`);
    return;
  }
  const endLsn = lower(sentLsn + BigInt(turn.state.config.walBytesMax), startLsn);
  turn.updateLink(index, { readingTo: endLsn });
  turn.do({ kind: "read-wal", link: index, source, term: turn.state.term, beginLsn: sentLsn, endLsn });
}

/** Passes on WAL that was read; what is not, or no more, wanted is dropped. */
export function onWal(turn: Turn, index: number, beginLsn: Lsn, data: Buffer): void {
  const { election } = turn.state;
  const { readingTo, sentLsn } = turn.link(index);
  if (election === null || beginLsn !== sentLsn || beginLsn + BigInt(data.length) !== readingTo) return;
  turn.do({ kind: "send", link: index, message: appendRequest(turn, beginLsn, data) });
  turn.updateLink(index, { sentLsn: readingTo, readingTo: null });
  if (readingTo < election.startLsn) sendNext(turn, index, election);
}

/**
 * Takes an acknowledgement: what a quorum has is committed, which all are told (SK-48). An acceptor that gets its last WAL only
 * after that acknowledges it before it heeds the commit that came along (SK-65), and is told once more.
 */
export function onAppendResponse(turn: Turn, index: number, response: AppendResponse): void {
  const { conf, term, election } = turn.state;
  const { hostPort, lastAck: before } = turn.link(index);
  if (response.generation !== conf.generation) {
    turn.abort(`safekeeper ${hostPort} went to generation ${response.generation}, we are in ${conf.generation}`);
    return;
  }
  if (response.term > term) {
    const why = `safekeeper ${hostPort} went to term ${response.term}, we are in ${term}: another compute took over`;
    turn.abort(why, response.term);
    return;
  }
  // An older term: a copy of something said to an earlier proposer (SK-66).
  if (response.term < term || election === null) return;
  turn.updateLink(index, { lastAck: response });
  const committed = committedLsn(turn, election);
  const committedBefore = turn.state.commitLsn;
  if (committed > committedBefore) {
    turn.update({ commitLsn: committed });
    tellCaughtUp(turn, election);
  }
  const { truncateLsn, links, commitLsn } = turn.state;
  const everywhere = links.map(({ lastAck }) => lastAck?.flushLsn ?? 0n).reduce(lower);
  turn.update({ truncateLsn: higher(truncateLsn, lower(everywhere, commitLsn)) });
  const { startLsn } = election;
  // Once, when it has caught up: with one that never heeds it, this would go to and fro without an end.
  const hasCaughtUp = (before?.flushLsn ?? 0n) < startLsn && response.flushLsn >= startLsn;
  if (hasCaughtUp && committed <= committedBefore && response.commitLsn < commitLsn) sendNext(turn, index, election);
}

/** Ends the sync when the log is committed and every acceptor that may be alive has it and knows that (SK-49). */
export function finishIfDone(turn: Turn): void {
  const { election, commitLsn, links, outcome } = turn.state;
  if (election === null || outcome !== null || commitLsn < election.startLsn) return;
  const { startLsn } = election;
  const done = links.every(({ phase, lastAck }) => phase === "offline" || (lastAck?.commitLsn ?? 0n) >= startLsn);
  if (done) finish(turn, election);
}

/** Ends the sync with its result, and tells it to those who have all WAL. */
export function finish(turn: Turn, election: Election): void {
  tellCaughtUp(turn, election);
  turn.end({ kind: "finished", lsn: election.startLsn });
}

/** Sends an empty request to all active links but those that get WAL, which brings them the same news. */
function tellCaughtUp(turn: Turn, election: Election): void {
  for (const { index, link } of turn.linksIn("active")) {
    if (link.sentLsn === election.startLsn) sendNext(turn, index, election);
  }
}

function committedLsn(turn: Turn, { startLsn }: Election): Lsn {
  // What was acknowledged below the start belongs to older terms and proves nothing about this one.
  const positions = turn.state.links.map(({ nodeId, lastAck }) => {
    const flushLsn = lastAck?.flushLsn ?? 0n;
    return { nodeId, flushLsn: flushLsn >= startLsn ? flushLsn : 0n };
  });
  return quorumPosition(electorateOf(turn.state), positions);
}

/** Whose WAL to send: the donor's while it is there, else that of the active link that acknowledged most (SK-47). */
function sourceFor(turn: Turn, index: number, { donor }: Election): number | undefined {
  const others = turn.linksIn("wait-elected", "active").filter((other) => other.index !== index);
  if (others.some((other) => other.index === donor)) return donor;
  const { sentLsn } = turn.link(index);
  const able = others.filter(({ link }) => link.phase === "active" && (link.lastAck?.flushLsn ?? 0n) > sentLsn);
  const [best] = able.toSorted((a, b) =>
    (a.link.lastAck?.flushLsn ?? 0n) < (b.link.lastAck?.flushLsn ?? 0n) ? 1 : -1,
  );
  return best?.index;
}

function appendRequest(turn: Turn, beginLsn: Lsn, data: Buffer): AppendRequest {
  const { conf, term, commitLsn, truncateLsn } = turn.state;
  return { kind: "append-request", generation: conf.generation, term, beginLsn, commitLsn, truncateLsn, data };
}
