import {
  averageOf,
  type MemoryHistory,
  type MemorySample,
  samplesMax,
  startHistory,
  withSample,
} from "./memory-history.ts";
import { mib, thresholdBytes } from "./sizes.ts";

/** Requests for more are at least this far apart within a session (VM-17). */
const requestsApartMs = 1_000;
/** From this share of lost time on memory is short, whatever the average says. */
const stalledPercentMin = 10;
/** VM-22: lines about the memory are so many samples apart, and without a marked change so many milliseconds. */
const quiet = { samplesMin: 20, withoutChangeMs: 15_000, changeShare: 1 / 8, changeBytes: 128 * mib } as const;

/** What one session knows of the memory of its cgroup. */
export interface MemoryWatch {
  readonly history: MemoryHistory;
  /** The average from which on more is asked for. */
  readonly thresholdBytes: number;
  /** The count of `memory.high` events that was considered last. */
  readonly highEventsSeen: number | null;
  readonly newest: MemorySample | null;
  /** When more was asked for last. */
  readonly requestedAtMs: number | null;
  readonly told: { readonly samplesSince: number; readonly atMs: number; readonly averageBytes: number } | null;
}

/** Why more memory is asked for. */
export type PressureReason = "threshold" | "memory-high" | "stalled";

/** A watch that begins, on a machine with that much memory (VM-19). */
export function startWatch(totalBytes: number, atMs: number): MemoryWatch {
  return {
    history: startHistory(atMs),
    thresholdBytes: thresholdBytes(totalBytes),
    highEventsSeen: null,
    newest: null,
    requestedAtMs: null,
    told: null,
  };
}

/** The watch with one more sample. */
export function observe(watch: MemoryWatch, sample: MemorySample, atMs: number): MemoryWatch {
  return {
    ...watch,
    history: withSample(watch.history, sample.bytes, atMs),
    highEventsSeen: watch.highEventsSeen ?? sample.highEvents,
    newest: sample,
    told: watch.told === null ? null : { ...watch.told, samplesSince: watch.told.samplesSince + 1 },
  };
}

/**
 * Whether more memory has to be asked for now (VM-17), and the watch that remembers it: when the average has reached the
 * threshold, when the kernel has slowed Postgres down for exceeding `memory.high` since the last look, or when it stalls for
 * want of memory. Not before there are five samples (trap 12 of chapter 07), and not twice in a second.
 */
export function considerPressure(
  watch: MemoryWatch,
  atMs: number,
): { readonly watch: MemoryWatch; readonly reason: PressureReason | null } {
  const { history, newest, requestedAtMs } = watch;
  const tooEarly = history.bytes.length < samplesMax;
  const tooSoon = requestedAtMs !== null && atMs - requestedAtMs < requestsApartMs;
  if (newest === null || tooEarly || tooSoon) return { watch, reason: null };
  const reason = reasonToAsk(watch, newest);
  const highEventsSeen = newest.highEvents ?? watch.highEventsSeen;
  return {
    watch: { ...watch, highEventsSeen, requestedAtMs: reason === null ? requestedAtMs : atMs },
    reason,
  };
}

function reasonToAsk(watch: MemoryWatch, newest: MemorySample): PressureReason | null {
  if ((averageOf(watch.history) ?? 0) >= watch.thresholdBytes) return "threshold";
  if ((newest.highEvents ?? 0) > (watch.highEventsSeen ?? newest.highEvents ?? 0)) return "memory-high";
  return (newest.stalledPercent ?? 0) >= stalledPercentMin ? "stalled" : null;
}

/** Whether a line about the memory is due (VM-22), and the watch that remembers it. */
export function considerLine(
  watch: MemoryWatch,
  atMs: number,
): { readonly watch: MemoryWatch; readonly averageBytes: number | null } {
  const { told } = watch;
  const averageBytes = averageOf(watch.history);
  if (averageBytes === null || (told !== null && !isLineDue(told, averageBytes, atMs)))
    return { watch, averageBytes: null };
  return { watch: { ...watch, told: { samplesSince: 0, atMs, averageBytes } }, averageBytes };
}

function isLineDue(told: NonNullable<MemoryWatch["told"]>, averageBytes: number, atMs: number): boolean {
  if (told.samplesSince < quiet.samplesMin) return false;
  const change = Math.abs(averageBytes - told.averageBytes);
  const isMarked = change >= quiet.changeBytes || change >= told.averageBytes * quiet.changeShare;
  return (isMarked && change > 0) || atMs - told.atMs >= quiet.withoutChangeMs;
}
