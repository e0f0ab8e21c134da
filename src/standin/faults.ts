import type { CommandFailure } from "./command-failure.ts";

/** What can go wrong with any server when a client connects. */
type ConnectionFault =
  /** The connection is reset as soon as it opens. (For a refused one, close the server.) */
  | { readonly kind: "hang-up" }
  /** The connection opens, and nothing ever comes back. */
  | { readonly kind: "silent" }
  /** Whatever the password, it is wrong. */
  | { readonly kind: "bad-auth" };

/** What can go wrong with a base backup or a lease. Bytes count the payload, from its first. */
export type PageserverFault =
  | ConnectionFault
  | { readonly kind: "error-before-copy"; readonly failure: CommandFailure }
  | { readonly kind: "error-mid-copy"; readonly afterBytes: number; readonly failure: CommandFailure }
  /** All of the archive arrives, and then an error instead of the end. */
  | { readonly kind: "error-after-copy"; readonly failure: CommandFailure }
  | { readonly kind: "close-mid-copy"; readonly afterBytes: number }
  /** Ends as a good reply does, but with the rest of the payload missing. */
  | { readonly kind: "truncated"; readonly afterBytes: number }
  /** Sends these bytes instead of the archive, as they are. */
  | { readonly kind: "other-archive"; readonly bytes: Buffer }
  | { readonly kind: "trickle"; readonly chunkBytes: number; readonly pauseMs: number }
  /** Leases are refused: the position is behind the GC cutoff. */
  | { readonly kind: "lease-refused" }
  | { readonly kind: "lease-error"; readonly failure: CommandFailure };

/** What can go wrong with a safekeeper. */
export type SafekeeperFault =
  | ConnectionFault
  /** It does not know the timeline. */
  | { readonly kind: "no-row" };

/** A fault for the first `times` connections, or for all of them. */
export interface FaultPlan<Fault> {
  readonly fault: Fault;
  readonly times?: number;
}

/** Hands out a plan's faults, one for each connection. */
export interface FaultSource<Fault> {
  next(): Fault | null;
  /** Replaces the plan; connections count from here. */
  replace(plan: FaultPlan<Fault> | null): void;
}

export function createFaultSource<Fault>(initial: FaultPlan<Fault> | null): FaultSource<Fault> {
  let plan = initial;
  let connections = 0;
  return {
    next: () => {
      connections += 1;
      if (plan === null || connections > (plan.times ?? Number.POSITIVE_INFINITY)) return null;
      return plan.fault;
    },
    replace: (next) => {
      plan = next;
      connections = 0;
    },
  };
}

/** What is sent of a chunk of payload, and what happens after it. */
export interface SpoiledChunk {
  readonly send: Buffer;
  readonly next: "go-on" | "error" | "close" | "end";
}

/** How a fault spoils a chunk, given how much payload went out before it. */
export function spoilChunk(fault: PageserverFault | null, sentBytes: number, chunk: Buffer): SpoiledChunk {
  if (fault === null || !("afterBytes" in fault)) return { send: chunk, next: "go-on" };
  const left = fault.afterBytes - sentBytes;
  if (chunk.length <= left) return { send: chunk, next: "go-on" };
  const ends = { "error-mid-copy": "error", "close-mid-copy": "close", truncated: "end" } as const;
  return { send: chunk.subarray(0, Math.max(0, left)), next: ends[fault.kind] };
}
