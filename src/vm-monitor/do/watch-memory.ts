import type { Clock } from "../../base/clock.ts";
import { sleep } from "../../base/deadline.ts";
import { type MemorySample, nextDueMs } from "../memory-history.ts";

/**
 * Reads a sample every 100 ms, the first at once, until the signal fires (VM-20). A tick that is missed is dropped, and so is a
 * sample that cannot be read: what nobody knows must not count as "nothing in use".
 * @throws whatever `read` throws, and the signal's reason
 */
export async function watchMemory(
  read: () => Promise<MemorySample | null>,
  onSample: (sample: MemorySample) => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<never> {
  let dueMs = clock.monotonicMs();
  for (;;) {
    const sample = await read();
    signal.throwIfAborted();
    if (sample !== null) onSample(sample);
    const now = clock.monotonicMs();
    dueMs = nextDueMs(dueMs, now);
    await sleep(dueMs - now, signal);
  }
}
