import type { Log } from "../base/log.ts";
import type { ComputeStatus } from "../compute/status.ts";
import { loadGiveBackMemory } from "./load.ts";

/** How long a status in which nothing is going on must last to count as rest. */
const restAfterMs = 3_000;

/** Waits for the times at which nothing is going on, and gives memory back then. */
export interface Rest {
  /** The compute's status is this one from now on. */
  changed(status: ComputeStatus): void;
  end(): void;
}

/** Makes it; it keeps no process alive. */
export function createRest(log: Log): Rest {
  let timer: NodeJS.Timeout | undefined;
  const giveBack = async (): Promise<void> => {
    const { giveBackMemory } = await loadGiveBackMemory();
    await giveBackMemory(log);
  };
  return {
    changed(status) {
      clearTimeout(timer);
      if (status === "running" || status === "empty") {
        timer = setTimeout(() => void giveBack().catch(() => {}), restAfterMs).unref();
      }
    },
    end: () => clearTimeout(timer),
  };
}
