import { syncPausesMs } from "../retry.ts";
import { type NativeSync, type NativeSyncPorts, syncSafekeepersNatively } from "./native-sync.ts";
import { withRetries } from "./retrying.ts";
import type { SyncReport } from "./sync-process.ts";

/**
 * Brings the safekeepers into agreement at start, trying again as SK-24 says, all tries together within `deadlineMs`.
 * @throws Error `failed to sync safekeepers` with the last try's error as its cause; the signal's reason when it fires
 */
export async function syncNativelyAtStart(
  sync: NativeSync,
  ports: NativeSyncPorts & { readonly onRetry?: () => void },
): Promise<SyncReport> {
  const { log, clock, signal, deadlineMs, onRetry } = ports;
  const endMs = clock.monotonicMs() + deadlineMs;
  try {
    return await withRetries({ what: "sync safekeepers", pausesMs: syncPausesMs, log, signal, onRetry }, () =>
      syncSafekeepersNatively(sync, { ...ports, deadlineMs: Math.max(1, endMs - clock.monotonicMs()) }),
    );
  } catch (error) {
    signal.throwIfAborted();
    throw new Error("failed to sync safekeepers", { cause: error });
  }
}
