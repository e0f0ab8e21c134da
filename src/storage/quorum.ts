import { formatLsn, type Lsn } from "../base/lsn.ts";

/** What came of asking one safekeeper. */
export type SafekeeperAnswer =
  | { readonly kind: "status"; readonly flushLsn: Lsn; readonly commitLsn: Lsn }
  /** It answered that it does not know the timeline. */
  | { readonly kind: "unknown-timeline" }
  /** No answer: connection refused, an error, too late. */
  | { readonly kind: "failed"; readonly why: string };

/** How a quorum check ended. "Not synced" is no failure: a full sync settles it (SK-13). */
export type QuorumOutcome =
  | { readonly kind: "synced"; readonly lsn: Lsn }
  | { readonly kind: "not-synced"; readonly why: string };

/**
 * What the answers so far, in the order in which they came, say about `count` safekeepers; "wait" while more answers can
 * change it (SK-10 to SK-12). The outcome rests on exactly the answers that came before the quorum was full.
 */
export function nextQuorum(
  count: number,
  answers: readonly SafekeeperAnswer[],
): QuorumOutcome | { readonly kind: "wait" } {
  const quorum = Math.floor(count / 2) + 1;
  const responses = answers.filter((answer) => answer.kind !== "failed");
  if (responses.length >= quorum) return compare(responses);
  const failures = answers.filter((answer) => answer.kind === "failed");
  if (failures.length < quorum && answers.length < count) return { kind: "wait" };
  const reasons = failures.map(({ why }) => why).join("; ");
  return notSynced(`only ${responses.length} of ${count} safekeepers answered, ${quorum} are needed: ${reasons}`);
}

function compare(responses: readonly SafekeeperAnswer[]): QuorumOutcome {
  const statuses = responses.filter((answer) => answer.kind === "status");
  const [first] = statuses;
  if (first === undefined || statuses.length < responses.length)
    return notSynced("a safekeeper does not know the timeline");
  const lsn = first.flushLsn;
  if (statuses.every(({ flushLsn, commitLsn }) => flushLsn === lsn && commitLsn === lsn))
    return { kind: "synced", lsn };
  const positions = statuses.map(
    (status) => `flush ${formatLsn(status.flushLsn)} commit ${formatLsn(status.commitLsn)}`,
  );
  return notSynced(`safekeepers differ: ${positions.join(", ")}`);
}

function notSynced(why: string): QuorumOutcome {
  return { kind: "not-synced", why };
}
