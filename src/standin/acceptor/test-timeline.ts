import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Lsn } from "../../base/lsn.ts";
import type { TermHistory } from "../../storage/walproposer/messages.ts";
import { type ControlState, type NewTimeline, newControlState } from "./control-state.ts";
import { readStateFile, writeStateFile } from "./state-file.ts";
import { WalFiles } from "./wal-files.ts";

/** How a test's acceptor stands before it comes up; terms and LSNs as in the election scenarios of chapter 06. */
export interface Standing {
  readonly term: bigint;
  readonly flushLsn: Lsn;
  readonly history: TermHistory;
  /** The peer horizon; WAL is committed up to it. */
  readonly truncateLsn: Lsn;
  readonly conf?: NewTimeline["conf"];
}

/** Writes an acceptor's folder as it would be after a crash, with the WAL of {@link walOfTerm} for each entry of the history. */
export function writeStanding(folder: string, timeline: Omit<NewTimeline, "startLsn">, standing: Standing): void {
  const inside = join(folder, timeline.tenantId, timeline.timelineId);
  mkdirSync(inside, { recursive: true });
  const { term, flushLsn, history, truncateLsn, conf } = standing;
  const startLsn = history[0]?.lsn ?? 0n;
  const control = newControlState({ ...timeline, startLsn, ...(conf === undefined ? {} : { conf }) });
  const committed = { commitLsn: truncateLsn, peerHorizonLsn: truncateLsn };
  writeStateFile(join(inside, "control.json"), { ...control, ...committed, term, history, flushLsn });
  const wal = new WalFiles(inside);
  for (const [index, entry] of history.entries()) {
    const end = history[index + 1]?.lsn ?? flushLsn;
    wal.write(entry.lsn, walOfTerm(entry.term, entry.lsn, end));
  }
  wal.sync();
}

/** What is on an acceptor's disk: its control state, and WAL from `fromLsn` to its end. */
export function readStanding(
  folder: string,
  timeline: Pick<NewTimeline, "tenantId" | "timelineId">,
  fromLsn: Lsn,
): { readonly control: ControlState; readonly wal: Buffer } | undefined {
  const inside = join(folder, timeline.tenantId, timeline.timelineId);
  const control = readStateFile(join(inside, "control.json"));
  if (control === undefined) return undefined;
  return { control, wal: new WalFiles(inside).read(fromLsn, Number(control.flushLsn - fromLsn)) };
}

/** WAL that tells its term and its place: every 8 bytes are the LSN, with the term in the highest byte. */
export function walOfTerm(term: bigint, beginLsn: Lsn, endLsn: Lsn): Buffer {
  const wal = Buffer.alloc(Number(endLsn - beginLsn));
  for (let at = 0; at + 8 <= wal.length; at += 8) wal.writeBigUInt64BE((term << 56n) | (beginLsn + BigInt(at)), at);
  return wal;
}
