import { averageOf } from "./memory-history.ts";
import type { SessionNews } from "./news.ts";
import type { Session, SessionStage } from "./session-types.ts";

/** What the vm-monitor is doing, for whoever watches the compute. */
export interface ScalingView {
  /** The address that it listens on; null when it does not. */
  readonly listening: string | null;
  /** Why it does not listen, or what it has to do without; null when all is well. */
  readonly problem: string | null;
  readonly session: SessionView | null;
  readonly counts: ScalingCounts;
  /** The newest request that was answered, or asked for by us. */
  readonly last: { readonly at: Date; readonly text: string } | null;
}

/** One agent's session. */
export interface SessionView {
  readonly peer: string;
  readonly since: Date;
  readonly stage: Exclude<SessionStage, "over">;
  /** How many samples the average goes over; at most five. */
  readonly samples: number;
  /** Of the last samples, in bytes; null without a cgroup or a sample. */
  readonly averageBytes: number | null;
  readonly thresholdBytes: number | null;
  /** Null when the file cache is not managed. */
  readonly fileCacheBytes: number | null;
}

/** Since the start. */
export interface ScalingCounts {
  readonly sessions: number;
  readonly upscaleRequests: number;
  readonly upscales: number;
  readonly downscalesApproved: number;
  readonly downscalesRefused: number;
  readonly failures: number;
}

/** Nothing has happened yet. */
export const noCounts: ScalingCounts = {
  sessions: 0,
  upscaleRequests: 0,
  upscales: 0,
  downscalesApproved: 0,
  downscalesRefused: 0,
  failures: 0,
};

/** No monitor, or one that is not there yet. */
export const notListening: ScalingView = {
  listening: null,
  problem: null,
  session: null,
  counts: noCounts,
  last: null,
};

/** A session as it is seen from outside; null when it is over. */
export function viewSession(session: Session, peer: string, since: Date): SessionView | null {
  if (session.stage === "over") return null;
  return {
    peer,
    since,
    stage: session.stage,
    samples: session.watch?.history.bytes.length ?? 0,
    averageBytes: session.watch === null ? null : averageOf(session.watch.history),
    thresholdBytes: session.watch?.thresholdBytes ?? null,
    fileCacheBytes: session.cacheBytes,
  };
}

/** The counts after some news. */
export function withNews(counts: ScalingCounts, news: SessionNews): ScalingCounts {
  if (news.kind === "line") return counts;
  if (news.kind === "upscale-requested") return { ...counts, upscaleRequests: counts.upscaleRequests + 1 };
  if (news.outcome === "failed") return { ...counts, failures: counts.failures + 1 };
  if (news.outcome === "approved") return { ...counts, downscalesApproved: counts.downscalesApproved + 1 };
  if (news.outcome === "refused") return { ...counts, downscalesRefused: counts.downscalesRefused + 1 };
  return news.type === "UpscaleNotification" ? { ...counts, upscales: counts.upscales + 1 } : counts;
}

/** One line on news that change the size of things, or would have; null for the rest. */
export function noteworthy(news: SessionNews): string | null {
  if (news.kind === "line" || (news.kind === "answered" && news.type === "HealthCheck")) return null;
  if (news.kind === "upscale-requested") return news.text;
  return `${news.type} ${news.outcome}${news.text === "" ? "" : `: ${news.text}`}`;
}
