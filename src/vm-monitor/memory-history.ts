/** How often the cgroup is looked at (VM-20). */
const sampleEveryMs = 100;
/** Over how many samples the average goes; nothing is asked for before there are as many (trap 12 of chapter 07). */
export const samplesMax = 5;

/** One look at a cgroup. */
export interface MemorySample {
  /** Anonymous memory in use, shared buffers included, page cache not (VM-20). */
  readonly bytes: number;
  /** How often the kernel slowed Postgres down for exceeding `memory.high`, since the cgroup was made; null when unknown. */
  readonly highEvents: number | null;
  /** The share of the last 10 s in which no process of the cgroup got on for want of memory, in percent; null when unknown. */
  readonly stalledPercent: number | null;
}

/** The newest samples of one session, the oldest first. */
export interface MemoryHistory {
  readonly bytes: readonly number[];
  /** When the newest came; before the first one, when the watch began. Monotonic milliseconds. */
  readonly asOfMs: number;
}

/** When the next look is due, after one that was due at `dueMs` and is done at `nowMs`: ticks that were missed are dropped. */
export function nextDueMs(dueMs: number, nowMs: number): number {
  return dueMs + sampleEveryMs * Math.max(1, Math.ceil((nowMs - dueMs) / sampleEveryMs));
}

/** A history without samples. */
export function startHistory(atMs: number): MemoryHistory {
  return { bytes: [], asOfMs: atMs };
}

/** The history with one more sample, of which the last five stay. */
export function withSample(history: MemoryHistory, bytes: number, atMs: number): MemoryHistory {
  return { bytes: [...history.bytes, bytes].slice(-samplesMax), asOfMs: atMs };
}

/** The average of the samples in whole bytes; null without any. */
export function averageOf({ bytes }: MemoryHistory): number | null {
  if (bytes.length === 0) return null;
  return Math.floor(bytes.reduce((sum, each) => sum + each, 0) / bytes.length);
}

/** The time that the samples span, in milliseconds. */
export function spanMs({ bytes }: MemoryHistory): number {
  return Math.max(0, bytes.length - 1) * sampleEveryMs;
}
