import { formatLsn, type Lsn } from "../../base/lsn.ts";
import { mayVote } from "./membership.ts";
import { electorateOf, type Link, type ProposerState } from "./proposer-state.ts";

/** Where each safekeeper stands, on one line, for people. */
export function describeLinks({ links, election }: ProposerState): string {
  return links.map((link) => `${link.hostPort} ${describeLink(link, election?.startLsn ?? null)}`).join("; ");
}

/** What of a step is worth a line in the log. */
export function progressLines(before: ProposerState, after: ProposerState): readonly string[] {
  const lines: string[] = [];
  const connected = countConnected(after);
  if (connected > countConnected(before)) lines.push(`connected to ${connected} of ${after.links.length} safekeepers`);
  if (after.restarts > before.restarts) lines.push("a vote may have been lost on its way; the campaign begins anew");
  if (after.phase !== before.phase) lines.push(...phaseLine(after));
  if (after.commitLsn > before.commitLsn) lines.push(`committed up to ${formatLsn(after.commitLsn)}`);
  return [...lines, ...troubleLines(before, after)];
}

/** How much WAL has been sent to those who lacked some, while that goes on; undefined when nobody lacks any. */
export function streamingLine({ links, election }: ProposerState): string | undefined {
  if (election === null) return undefined;
  const behind = links.filter(({ phase, sentLsn }) => phase === "active" && sentLsn < election.startLsn);
  if (behind.length === 0) return undefined;
  const parts = behind.map(({ hostPort, sentLsn }) => `${hostPort} lacks ${election.startLsn - sentLsn} bytes`);
  return `streaming WAL up to ${formatLsn(election.startLsn)}: ${parts.join(", ")}`;
}

function describeLink(link: Link, startLsn: Lsn | null): string {
  switch (link.phase) {
    case "offline":
      return `is offline (${link.trouble ?? "never connected"})`;
    case "connecting":
      return link.trouble === null ? "does not take our connection" : `is being tried again (${link.trouble})`;
    case "handshake":
      return "does not answer our greeting";
    case "wait-voting":
      return "is ready to vote, others are missing";
    case "wait-verdict":
      return "was asked for its vote and does not answer";
    case "wait-elected":
      return "has voted for us, other votes are missing";
    case "active": {
      const flushed = formatLsn(link.lastAck?.flushLsn ?? 0n);
      return `has WAL up to ${flushed}${startLsn === null ? "" : ` of ${formatLsn(startLsn)}`}`;
    }
  }
}

function phaseLine(state: ProposerState): readonly string[] {
  const { phase, term, election, links } = state;
  if (phase === "campaign") return [`campaigning for term ${term}`];
  if (phase !== "elected" || election === null) return [];
  const votes = links.filter((link) => link.vote?.term === term && mayVote(electorateOf(state), link)).length;
  const donor = links[election.donor]?.hostPort ?? "";
  return [
    `elected in term ${term} by ${votes} safekeepers; the log of ${donor} counts, up to ${formatLsn(election.startLsn)}`,
  ];
}

function troubleLines(before: ProposerState, after: ProposerState): readonly string[] {
  return after.links.flatMap(({ hostPort, trouble }, index) =>
    trouble === null || trouble === before.links[index]?.trouble ? [] : [`lost safekeeper ${hostPort}: ${trouble}`],
  );
}

function countConnected({ links }: ProposerState): number {
  return links.filter(({ phase }) => phase !== "offline" && phase !== "connecting" && phase !== "handshake").length;
}
