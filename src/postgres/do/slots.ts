import { unlessAborted } from "../../base/deadline.ts";

/** Frees a slot again; more than once does no harm. */
export type Free = () => void;

/** A limited number of slots. */
export interface Slots {
  /**
   * Waits in line for a slot.
   * @throws Error when the line is full; the signal's reason when it fires first
   */
  take(signal: AbortSignal): Promise<Free>;
}

/** @param waitingMax how many may wait at the same time */
export function createSlots(count: number, waitingMax: number): Slots {
  let taken = 0;
  const waiting: (() => void)[] = [];

  function occupy(): Free {
    taken += 1;
    let isFree = false;
    return () => {
      if (isFree) return;
      isFree = true;
      taken -= 1;
      waiting.shift()?.();
    };
  }

  return {
    async take(signal) {
      signal.throwIfAborted();
      if (taken < count) return occupy();
      if (waiting.length >= waitingMax) throw new Error(`${taken} are at work and ${waiting.length} wait already`);
      const turn = Promise.withResolvers<Free>();
      const next = (): void => turn.resolve(occupy());
      waiting.push(next);
      try {
        return await unlessAborted(turn.promise, signal);
      } catch (error) {
        const at = waiting.indexOf(next);
        if (at >= 0) waiting.splice(at, 1);
        else (await turn.promise)();
        throw error;
      }
    },
  };
}
