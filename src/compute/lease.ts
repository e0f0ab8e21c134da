import { sleep } from "../base/deadline.ts";
import { describeError } from "../base/error-chain.ts";
import { formatLsn, type Lsn } from "../base/lsn.ts";
import { sameStorage } from "../spec/pageserver-info.ts";
import type { DerivedSpec } from "../spec/types.ts";
import { renewalPauseMs, retryPauseMs } from "./lease-schedule.ts";
import type { ComputePorts, LeaseOutcome, StoragePort } from "./ports.ts";
import type { ComputeStore } from "./store.ts";

/** How the lease of a static compute stands. */
export interface LeaseView {
  readonly lsn: Lsn;
  /**
   * `asking`: the first round goes on; `held`: the last round went well; `failing`: it did not, and is repeated; `refused`: the
   * storage may have removed what this compute reads, and nothing is tried any more.
   */
  readonly state: "asking" | "held" | "failing" | "refused";
  /** When the shard whose lease ends first may forget us; null before the first lease. */
  readonly expires: Date | null;
  /** Why the last round failed or was refused. */
  readonly error: string | null;
}

/** The background task that keeps the lease of a static compute (chapter 06 §10). */
export interface LeaseKeeper {
  /** Null for computes that need none, and before the spec is known. */
  view(): LeaseView | null;
  /** Keeps the lease of a static compute until the signal fires or the storage refuses; others need none. Never rejects. */
  keep(spec: DerivedSpec, signal: AbortSignal): Promise<void>;
}

/** What keeping a lease touches. */
export interface LeasePorts extends Pick<ComputePorts, "log" | "clock" | "leaseChanged"> {
  readonly storage: Pick<StoragePort, "leaseLsn">;
}

/** @param wait how to let time pass */
export function createLeaseKeeper(
  { log: rootLog, clock, storage, leaseChanged }: LeasePorts,
  store: Pick<ComputeStore, "get" | "until">,
  wait: typeof sleep = sleep,
): LeaseKeeper {
  let view: LeaseView | null = null;

  function show(next: LeaseView): void {
    view = next;
    leaseChanged(next);
  }

  /** Asks, and waits, in turns; returns when the storage refuses (LSN-5). */
  async function loop(first: DerivedSpec, lsn: Lsn, signal: AbortSignal): Promise<void> {
    const { tenantId, timelineId } = first;
    const log = rootLog.span("lsn_lease_bg_task", {
      tenant_id: tenantId,
      timeline_id: timelineId,
      lsn: formatLsn(lsn),
    });
    let expires: Date | null = null;
    show({ lsn, state: "asking", expires, error: null });
    for (let failures = 0; ; ) {
      // BASE-22: addresses and token are those of the spec in force at this moment.
      const spec = store.get().spec ?? first;
      let pauseMs: number;
      try {
        const outcome: LeaseOutcome = await storage.leaseLsn(spec, lsn, signal);
        if (outcome.kind === "refused") {
          log.warn("Permanent error: lease could not be obtained, LSN is behind the GC cutoff", { by: outcome.by });
          show({ lsn, state: "refused", expires, error: `refused by ${outcome.by}: the LSN is behind the GC cutoff` });
          return;
        }
        expires = new Date(outcome.expiresMs);
        pauseMs = renewalPauseMs(outcome.expiresMs - clock.now().getTime());
        failures = 0;
        show({ lsn, state: "held", expires, error: null });
        log.info(`Request succeeded, sleeping for ${Math.round(pauseMs / 1000)} seconds`);
      } catch (error) {
        signal.throwIfAborted();
        pauseMs = retryPauseMs(failures);
        failures += 1;
        const text = describeError(error);
        show({ lsn, state: "failing", expires, error: text });
        log.warn(`could not get the LSN lease, trying again in ${Math.round(pauseMs)} ms: ${text}`);
      }
      await pause(pauseMs, spec, signal);
    }
  }

  /** Ends early when the pageservers or the token of the spec in force are others than those just asked with (LSN-8). */
  async function pause(ms: number, asked: DerivedSpec, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const changed = store.until(() => asksElse(asked, store.get().spec), either);
    try {
      await Promise.race([wait(ms, either), changed]);
    } finally {
      over.abort(new Error("the wait is over"));
    }
  }

  return {
    view: () => view,
    async keep(spec, signal) {
      const { mode } = spec.spec;
      if (mode.kind !== "static") return;
      await loop(spec, mode.lsn, signal).catch((error: unknown) => {
        if (!signal.aborted) rootLog.error(`the LSN lease is not kept any more: ${describeError(error)}`);
      });
    },
  };
}

function asksElse(asked: DerivedSpec, now: DerivedSpec | null): boolean {
  if (now === null) return false;
  return !(sameStorage(asked.pageservers, now.pageservers) && asked.storageAuthToken === now.storageAuthToken);
}
