import { NoAgreement, NoAgreementInTime } from "../errors.ts";
import type { NativeSync } from "../native-sync-request.ts";
import { syncPausesMs } from "../retry.ts";
import { type NativeSyncPorts, syncSafekeepersNatively } from "./native-sync.ts";
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
    let last: unknown;
    let termFloor = 0n;
    return await withRetries({ what: "sync safekeepers", pausesMs: syncPausesMs, log, signal, onRetry }, async () => {
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs < 1) throw new NoAgreementInTime("there is no time left for another try", { cause: last });
      try {
        return await syncSafekeepersNatively(sync, { ...ports, deadlineMs: leftMs, termFloor });
      } catch (error) {
        last = error;
        // One that answers late is not to turn down every try that does not know of its term.
        if (error instanceof NoAgreement && error.term > termFloor) termFloor = error.term;
        throw error;
      }
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new Error("failed to sync safekeepers", { cause: error });
  }
}
