import type { Lsn } from "../../base/lsn.ts";
import { lower } from "./membership.ts";
import type { TermHistory } from "./messages.ts";

/** Whether terms rise and LSNs do not fall, as they do in every history that came about rightly. */
export function isOrdered(history: TermHistory): boolean {
  return history.every(({ term, lsn }, index) => {
    const before = history[index - 1];
    return before === undefined || (before.term < term && before.lsn <= lsn);
  });
}

/** The part of a history whose WAL, at least its first byte's position, lies within `flushLsn`. */
export function historyUpTo(history: TermHistory, flushLsn: Lsn): TermHistory {
  return history.filter(({ lsn }) => lsn <= flushLsn);
}

/** The term of the last entry, 0 when there is none. */
export function lastTerm(history: TermHistory): bigint {
  return history.at(-1)?.term ?? 0n;
}

/**
 * Up to where an acceptor's log is the same as the proposer's, which is from where it has to be sent WAL (SK-45).
 * Undefined when the same term begins at different LSNs: no history that came about rightly is like that.
 * @param leading the proposer's history, with its own `term` as the last entry
 */
export function startPoint(
  leading: TermHistory,
  term: bigint,
  acceptor: { readonly history: TermHistory; readonly flushLsn: Lsn },
): Lsn | undefined {
  const { history, flushLsn } = acceptor;
  let common = -1;
  for (const [index, { term: theirs, lsn }] of history.entries()) {
    const ours = leading[index];
    if (ours?.term !== theirs) break;
    if (ours.lsn !== lsn) return undefined;
    common = index;
  }
  const last = leading[common];
  if (last === undefined) return leading[0]?.lsn ?? 0n;
  if (last.term === term) return flushLsn;
  const oursEnd = leading[common + 1]?.lsn ?? flushLsn;
  const theirsEnd = history[common + 1]?.lsn ?? flushLsn;
  return lower(oursEnd, theirsEnd);
}
