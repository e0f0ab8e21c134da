import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { together } from "../../base/together.ts";
import type { Cluster, RemoteExtensions } from "../../spec/types.ts";
import { remotePreloads, resolvePreloads } from "../preload.ts";
import { allowedExtensions } from "../resolution.ts";
import type { Downloads } from "./downloads.ts";

/** What a start fetches. */
export interface WantedAtStart {
  readonly cluster: Cluster;
  readonly remote: RemoteExtensions;
  /** Also what Postgres does not preload. */
  readonly everything: boolean;
}

/** What was fetched (EXT-25). */
export interface FetchFigures {
  readonly ms: number;
  readonly downloaded: number;
  /** Compressed. */
  readonly largestBytes: number;
  readonly totalBytes: number;
}

const atOnceMax = 4;

/**
 * Fetches the extensions whose libraries Postgres preloads (EXT-22 to EXT-24), a few at a time. A download that fails is on
 * record in the log and holds nothing up.
 * @throws ForbiddenPreloadError for a library that the spec does not let this compute have (EXT-23)
 */
export async function fetchAtStart(
  { cluster, remote, everything }: WantedAtStart,
  { downloads, log, clock }: { readonly downloads: Downloads; readonly log: Log; readonly clock: Clock },
  signal: AbortSignal,
): Promise<FetchFigures> {
  const began = clock.monotonicMs();
  const preloads = resolvePreloads(remote, remotePreloads(cluster, remote));
  const extensions = preloads.map(({ extension }) => extension);
  if (everything) extensions.push(...allowedExtensions(remote).filter((name) => !extensions.includes(name)));
  if (extensions.length > 0) log.info("downloading extensions before Postgres starts", { count: extensions.length });
  const sizes: number[] = [];
  const waiting = extensions.values();
  const worker = async (linked: AbortSignal): Promise<void> => {
    for (const extension of waiting) {
      linked.throwIfAborted();
      // Why it failed is logged where it failed.
      await downloads.fetch(extension, linked).then(
        (bytes) => sizes.push(bytes),
        () => {},
      );
    }
  };
  await together(
    signal,
    Array.from({ length: Math.min(atOnceMax, extensions.length) }, () => worker),
  );
  signal.throwIfAborted();
  return {
    ms: clock.monotonicMs() - began,
    downloaded: sizes.length,
    largestBytes: Math.max(0, ...sizes),
    totalBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
  };
}
