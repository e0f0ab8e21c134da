import type { Lsn } from "../../base/lsn.ts";
import type { Member, MembershipConf } from "./messages.ts";

/** How many of `count` are a majority. */
export function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

/**
 * Who decides. Without a membership configuration every entry of the endpoint list has a voice ("legacy", SK-42);
 * otherwise the members, and while they change a majority of the old and of the new ones.
 */
export type Electorate =
  | { readonly kind: "entries"; readonly count: number }
  | { readonly kind: "members"; readonly conf: MembershipConf }
  /** There ought to be a configuration, but none is known: nobody can decide. */
  | { readonly kind: "unknown" };

/** A safekeeper as a voter: one entry of the list, and who is behind it as far as that is known. */
export interface Voter {
  readonly nodeId: bigint | null;
}

/** Whether those are enough to decide. */
export function isQuorum(electorate: Electorate, voters: readonly Voter[]): boolean {
  switch (electorate.kind) {
    case "entries":
      return voters.length >= majority(electorate.count);
    case "members":
      return memberSets(electorate.conf).every((set) => {
        const present = set.filter(({ nodeId }) => voters.some((voter) => voter.nodeId === nodeId));
        return present.length >= majority(set.length);
      });
    case "unknown":
      return false;
  }
}

/** Whether that one's vote counts. */
export function mayVote(electorate: Electorate, voter: Voter): boolean {
  if (electorate.kind !== "members") return electorate.kind === "entries";
  return memberSets(electorate.conf).some((set) => set.some(({ nodeId }) => nodeId === voter.nodeId));
}

/** The highest position that a quorum has reached (SK-48). Who is not among `positions` is at 0. */
export function quorumPosition(
  electorate: Electorate,
  positions: readonly (Voter & { readonly flushLsn: Lsn })[],
): Lsn {
  switch (electorate.kind) {
    case "entries":
      return reachedByMajority(
        padded(
          positions.map(({ flushLsn }) => flushLsn),
          electorate.count,
        ),
      );
    case "members":
      return memberSets(electorate.conf)
        .map((set) => {
          const reached = set.map((member) => positions.find(({ nodeId }) => nodeId === member.nodeId)?.flushLsn ?? 0n);
          return reachedByMajority(reached);
        })
        .reduce(lower);
    case "unknown":
      return 0n;
  }
}

/** The lower of two positions. */
export function lower(a: Lsn, b: Lsn): Lsn {
  return a < b ? a : b;
}

/** The higher of two positions. */
export function higher(a: Lsn, b: Lsn): Lsn {
  return a > b ? a : b;
}

function memberSets({ members, newMembers }: MembershipConf): readonly (readonly Member[])[] {
  return newMembers.length === 0 ? [members] : [members, newMembers];
}

function padded(positions: readonly Lsn[], count: number): readonly Lsn[] {
  return [...positions, ...Array.from({ length: Math.max(0, count - positions.length) }, () => 0n)];
}

function reachedByMajority(positions: readonly Lsn[]): Lsn {
  const ascending = positions.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return ascending[positions.length - majority(positions.length)] ?? 0n;
}
