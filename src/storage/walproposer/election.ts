import type { Lsn } from "../../base/lsn.ts";
import { higher } from "./membership.ts";
import type { TermHistory, VoteResponse } from "./messages.ts";
import { historyUpTo, isOrdered, lastTerm } from "./term-history.ts";

/** A vote that counts, and whose it is. */
export interface CountedVote {
  readonly link: number;
  readonly vote: VoteResponse;
}

/** What follows from the votes. */
export interface ElectionResult {
  readonly donor: number;
  readonly startLsn: Lsn;
  /** Below it no voter needs WAL. */
  readonly truncateLsn: Lsn;
  /** The donor's history and the new term. Empty when nothing was ever written. */
  readonly history: TermHistory;
}

/**
 * Chooses the log that survives: that of the highest last term, then the longest, then the first in the list (SK-44).
 * @param votes in the order of the list
 * @throws RangeError without a vote
 */
export function decideElection(votes: readonly CountedVote[], term: bigint): ElectionResult {
  const [first] = votes;
  if (first === undefined) throw new RangeError("an election without votes");
  const donor = votes.reduce((best, candidate) => (isAhead(candidate.vote, best.vote) ? candidate : best), first);
  const startLsn = donor.vote.flushLsn;
  return {
    donor: donor.link,
    startLsn,
    truncateLsn: votes.map(({ vote }) => vote.truncateLsn).reduce(higher),
    history: startLsn === 0n ? [] : [...donor.vote.history, { term, lsn: startLsn }],
  };
}

/** What makes a vote's history worthless; undefined when nothing does. */
export function historyProblem({ history, flushLsn }: VoteResponse): string | undefined {
  if (!isOrdered(history)) return "its term history is out of order";
  if (historyUpTo(history, flushLsn).length < history.length) return "its term history goes beyond its WAL";
  return undefined;
}

function isAhead(one: VoteResponse, other: VoteResponse): boolean {
  const [ours, theirs] = [lastTerm(one.history), lastTerm(other.history)];
  return ours === theirs ? one.flushLsn > other.flushLsn : ours > theirs;
}
