import { type CountedVote, decideElection, historyProblem } from "./election.ts";
import { isQuorum, majority, mayVote } from "./membership.ts";
import type { AcceptorGreeting, VoteResponse } from "./messages.ts";
import { electorateOf, type Link, type ProposerState } from "./proposer-state.ts";
import { welcomeVoter } from "./streaming.ts";
import type { Turn } from "./turn.ts";

/** How often a campaign is begun anew for a vote that may have been ours (trap 16). */
const restartsMax = 3;
const greeted: readonly Link["phase"][] = ["wait-voting", "wait-verdict", "wait-elected", "active"];

/** Meets an acceptor; a quorum of them begins the campaign (SK-41). */
export function onGreeting(turn: Turn, index: number, greeting: AcceptorGreeting): void {
  const { nodeId, conf, term } = greeting;
  const conflict = greetingConflict(turn.state, turn.link(index).hostPort, greeting);
  const twin = turn.linksIn(...greeted).find(({ link }) => link.nodeId === nodeId);
  if (conflict !== undefined) {
    turn.abort(conflict, term);
  } else if (twin !== undefined) {
    // One voice counted twice could make a quorum of a minority.
    turn.lose(index, `it is the same node ${nodeId} as ${twin.link.hostPort}`);
  } else {
    if (conf.generation > turn.state.conf.generation) turn.update({ conf });
    turn.updateLink(index, { phase: "wait-voting", nodeId });
    if (turn.state.phase === "collect") campaignIfGreeted(turn, term);
    if (turn.state.phase !== "collect") askForVotes(turn);
  }
}

/** Takes a vote. A quorum of them decides the election; later ones join what was decided (SK-43). */
export function onVote(turn: Turn, index: number, response: VoteResponse): void {
  const { term, conf, phase, election } = turn.state;
  const problem = voteProblem(response, term, conf.generation);
  const gaveBefore = turn.link(index).vote?.term === term;
  if (problem !== undefined) {
    turn.lose(index, problem);
  } else if (!response.given && (response.term > term || (phase === "campaign" && !gaveBefore))) {
    onRefusal(turn, index, response.term);
  } else {
    turn.updateLink(index, { phase: "wait-elected", vote: response });
    if (election === null) electIfEnough(turn);
    else welcomeVoter(turn, index, election);
  }
}

/** Why a greeting means that this campaign cannot go on. */
function greetingConflict(
  state: ProposerState,
  hostPort: string,
  { conf, term }: AcceptorGreeting,
): string | undefined {
  const isNewer = conf.generation > state.conf.generation;
  if (isNewer && conf.members.length === 0) return `safekeeper ${hostPort} has a configuration without members`;
  if (state.phase === "collect") return undefined;
  if (isNewer) return `restarting to adopt mconf generation ${conf.generation}`;
  return term > state.term ? `safekeeper ${hostPort} is in term ${term}, later than ours, ${state.term}` : undefined;
}

function campaignIfGreeted(turn: Turn, term: bigint): void {
  if (term > turn.state.term) turn.update({ term });
  const links = turn.linksIn("wait-voting").map(({ link }) => link);
  const electorate = electorateOf(turn.state);
  if (isQuorum(electorate, links)) {
    turn.update({ phase: "campaign", term: turn.state.term + 1n });
  } else if (electorate.kind === "unknown" && links.length >= majority(turn.state.links.length)) {
    const names = links.map(({ hostPort }) => hostPort).join(", ");
    turn.abort(
      `the list of safekeepers has generation ${turn.state.config.generation}, but ${names} have no membership ` +
        "configuration; give them one, or the list without a generation",
    );
  }
}

function askForVotes(turn: Turn): void {
  const { conf, term } = turn.state;
  for (const { index, link } of turn.linksIn("wait-voting")) {
    const times = link.asked.term === term ? link.asked.times + 1 : 1;
    turn.updateLink(index, { phase: "wait-verdict", sinceMs: turn.nowMs, asked: { term, times } });
    turn.do({ kind: "send", link: index, message: { kind: "vote-request", generation: conf.generation, term } });
  }
}

/** What makes a vote worthless; undefined when nothing does. */
function voteProblem(response: VoteResponse, term: bigint, generation: number): string | undefined {
  if (response.generation !== generation) return `it voted in generation ${response.generation}, not ${generation}`;
  const answersOther = response.given ? response.term !== term : response.term < term;
  if (answersOther) return `it was asked about term ${term} and answered about ${response.term}`;
  return historyProblem(response);
}

function onRefusal(turn: Turn, index: number, term: bigint): void {
  const { hostPort, asked } = turn.link(index);
  const { restarts, term: ours } = turn.state;
  if (term !== ours || asked.times < 2 || restarts === restartsMax) {
    turn.abort(`WAL acceptor ${hostPort} with term ${term} rejects our connection request with term ${ours}`, term);
    return;
  }
  // The vote that it gave away may have been for us, its answer lost with the connection. A new term settles it.
  turn.update({ phase: "collect", restarts: restarts + 1 });
  for (const { index: other } of turn.linksIn("connecting", "handshake", ...greeted)) {
    turn.lose(other, "the campaign begins anew");
    turn.open(other);
  }
}

/** SK-44. */
function electIfEnough(turn: Turn): void {
  const electorate = electorateOf(turn.state);
  const voters = turn.linksIn("wait-elected").filter(({ link }) => mayVote(electorate, link));
  if (
    !isQuorum(
      electorate,
      voters.map(({ link }) => link),
    )
  )
    return;
  const votes = voters.flatMap(({ index, link }): CountedVote[] =>
    link.vote === null ? [] : [{ link: index, vote: link.vote }],
  );
  const { donor, startLsn, truncateLsn, history } = decideElection(votes, turn.state.term);
  const election = { donor, startLsn, history };
  turn.update({ phase: "elected", truncateLsn, election });
  if (startLsn === 0n || truncateLsn === startLsn) {
    // Nothing was ever written, or everybody has everything: only the terms were raised. A history that begins at 0/0
    // would do harm to acceptors.
    turn.end({ kind: "finished", lsn: startLsn });
    return;
  }
  for (const { index } of turn.linksIn("wait-elected")) welcomeVoter(turn, index, election);
}
