import type { MemorySample } from "./memory-history.ts";
import type { AgentMessage, ScalingRequest } from "./messages.ts";
import type { SessionNews } from "./news.ts";
import type { MemoryWatch } from "./watch.ts";

/** How a session is ended: the code and reason of the close frame. */
export interface Closing {
  readonly code: number;
  /** At most 123 bytes, the limit of a close frame. */
  readonly reason: string;
}

/** What the set-up of a session found (VM-7). */
export interface SetUp {
  /** The machine's memory in bytes, or the cgroup's limit if that is lower. */
  readonly totalBytes: number;
  readonly watchesCgroup: boolean;
  /** The size that the file cache has now, in bytes; null when it is not managed. */
  readonly cacheBytes: number | null;
}

/** Where a session is. */
export type SessionStage = "greeting" | "setting-up" | "live" | "over";

/** Everything about one session; nothing of it outlives it (VM-6). */
export interface Session {
  readonly stage: SessionStage;
  /** The version that was agreed on; told to the agent once the set-up is done. */
  readonly version: number | null;
  /** Requests behind the one in progress. */
  readonly waiting: readonly AgentMessage[];
  /** The request whose file cache is being resized. */
  readonly current: PlannedRequest | null;
  /** Null when no cgroup is watched. */
  readonly watch: MemoryWatch | null;
  /** Null when the file cache is not managed. */
  readonly cacheBytes: number | null;
  /** Whether a sample came while a request was in progress. */
  readonly sampledMeanwhile: boolean;
  /** The id of our last request; ours are odd (VM-11). */
  readonly lastId: number;
  /** How many messages were not understood. */
  readonly strange: number;
  /** Set when the session ends as soon as nothing is in progress. */
  readonly leaving: Closing | null;
}

/** What happens to a session. */
export type SessionEvent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary" }
  | { readonly kind: "set-up"; readonly found: SetUp }
  | { readonly kind: "set-up-failed"; readonly why: string }
  | { readonly kind: "sample"; readonly sample: MemorySample }
  | { readonly kind: "cache-set"; readonly bytes: number }
  | { readonly kind: "cache-failed"; readonly why: string }
  /** It is to end: now, or once the request in progress is finished. */
  | { readonly kind: "leave"; readonly closing: Closing; readonly when: "now" | "idle" }
  /** The connection is gone. */
  | { readonly kind: "gone" };

/** What is to be done about it. */
export type SessionAction =
  | { readonly kind: "send"; readonly text: string }
  | { readonly kind: "set-up" }
  | { readonly kind: "set-cache"; readonly bytes: number }
  | { readonly kind: "close"; readonly closing: Closing }
  | { readonly kind: "tell"; readonly news: SessionNews };

/** A state, and what is to be done to get there. */
export interface Step {
  readonly session: Session;
  readonly actions: readonly SessionAction[];
}

/** A request that was allowed, and waits for its file cache. */
export interface PlannedRequest {
  readonly request: ScalingRequest;
  /** The size that the file cache is to have, in bytes. */
  readonly cacheBytes: number;
  /** What the judgement on a downscale was based on; empty for an upscale. */
  readonly grounds: string;
}
