import { type AcceptorMessage, noConf, walSegmentBytes } from "./messages.ts";
import { describeLinks } from "./progress.ts";
import type { ProposerEffect, ProposerEvent, ProposerState } from "./proposer-state.ts";
import { finish, finishIfDone, onAppendResponse, onWal, sendNext } from "./streaming.ts";
import { Turn } from "./turn.ts";
import { onGreeting, onVote } from "./voting.ts";

/** No safekeeper gets here by elections; one that says so is broken, and a term after it might not fit into a message. */
const termMax = 2n ** 62n;

/** The shortest time between two connections to an acceptor that hangs up while it waits for others. */
const reopenMsMin = 1000;

/**
 * Brings acceptors into agreement about the end of the WAL (SK-40 to SK-51): greets them, asks for their votes in a new
 * term, takes the log of the most advanced one, and sends it to the others until all of them have it.
 * Pure: it is told what happened, and says what is to be done. After its end it does nothing any more.
 */
export function step(
  state: ProposerState,
  event: ProposerEvent,
): { readonly state: ProposerState; readonly effects: readonly ProposerEffect[] } {
  const turn = new Turn(state, event.nowMs);
  if (state.outcome === null) handle(turn, event);
  return { state: turn.state, effects: turn.effects };
}

function handle(turn: Turn, event: ProposerEvent): void {
  switch (event.kind) {
    case "start":
      openAll(turn);
      break;
    case "link-up":
      onLinkUp(turn, event.link);
      break;
    case "link-down":
      onLinkDown(turn, event.link, event.reason);
      break;
    case "message":
      onMessage(turn, event.link, event.message);
      break;
    case "wal":
      onWal(turn, event.link, event.beginLsn, event.data);
      break;
    case "wal-failed":
      if (turn.link(event.link).readingTo !== null) turn.lose(event.link, event.reason);
      break;
    case "tick":
      onTick(turn);
      break;
    case "deadline":
      onDeadline(turn);
      break;
  }
  finishIfDone(turn);
  // Only after that: an acceptor that is being tried counts as alive.
  if (event.kind === "tick" && turn.state.outcome === null) openAll(turn);
}

function openAll(turn: Turn): void {
  for (const { index } of turn.linksIn("offline")) turn.open(index);
}

function onLinkUp(turn: Turn, index: number): void {
  if (turn.link(index).phase !== "connecting") return;
  const { tenantId, timelineId, pgVersion } = turn.state.config;
  turn.updateLink(index, { phase: "handshake", sinceMs: turn.nowMs });
  turn.do({
    kind: "send",
    link: index,
    message: {
      kind: "greeting",
      tenantId,
      timelineId,
      conf: noConf,
      pgVersion,
      systemId: 0n,
      segmentBytes: walSegmentBytes,
    },
  });
}

function onLinkDown(turn: Turn, index: number, reason: string): void {
  const { phase, openedMs } = turn.link(index);
  if (phase === "offline") return;
  turn.lose(index, reason);
  const idle = phase === "wait-voting" || phase === "wait-elected";
  if (idle && turn.nowMs - openedMs >= reopenMsMin) turn.open(index);
}

function onMessage(turn: Turn, index: number, message: AcceptorMessage): void {
  turn.updateLink(index, { sinceMs: turn.nowMs });
  const { phase } = turn.link(index);
  if (message.term > termMax) turn.lose(index, `it claims to be in term ${message.term}`);
  else if (message.kind === "greeting" && phase === "handshake") onGreeting(turn, index, message);
  else if (message.kind === "vote-response" && phase === "wait-verdict") onVote(turn, index, message);
  else if (message.kind === "append-response" && phase === "active") onAppendResponse(turn, index, message);
  else turn.lose(index, `it sent an unexpected ${message.kind}`);
}

/** SK-50. Links that wait for other acceptors owe us nothing and are left alone (trap 12). */
function onTick(turn: Turn): void {
  const { election, config } = turn.state;
  for (const { index, link } of turn.linksIn("connecting", "handshake", "wait-verdict", "active")) {
    const isLate = turn.nowMs - link.sinceMs >= config.silenceMsMax;
    if (isLate) turn.lose(index, `it was silent for ${config.silenceMsMax} ms`);
  }
  if (election === null) return;
  for (const { index } of turn.linksIn("active")) sendNext(turn, index, election);
}

/** Late is not lost: what is committed stays so, even if not every acceptor that is alive could be waited for. */
function onDeadline(turn: Turn): void {
  const { election, commitLsn } = turn.state;
  if (election !== null && commitLsn >= election.startLsn) finish(turn, election);
  else turn.abort(`no agreement in time: ${describeLinks(turn.state)}`);
}
