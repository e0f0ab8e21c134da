import type { Lsn } from "../base/lsn.ts";
import type { ComputeMode, PageserverProtocol } from "../spec/types.ts";

/** How the archive travels. */
export type Compression = "gzip" | "none";

/** Which base backup; an LSN of zero stands for the newest. */
export interface BasebackupQuery {
  readonly lsn: Lsn;
  readonly mode: ComputeMode;
  readonly compression: Compression;
}

/** How long a server may keep silent, in milliseconds. */
export interface StreamLimits {
  readonly firstByteMsMax: number;
  readonly idleMsMax: number;
}

/** What a shard says to a request for a lease: until when, in milliseconds since 1970, or that the position is gone. */
export type LeaseAnswer = { readonly kind: "granted"; readonly expiresMs: number } | { readonly kind: "refused" };

/** A pageserver that a connection stands to, whatever the protocol; one request at a time. */
export interface PageserverConnection {
  /**
   * Asks for a base backup, at once, and hands out the archive. The end comes only when the server said that all went well; an
   * error in the middle or behind the data is thrown.
   */
  basebackup(query: BasebackupQuery, limits: StreamLimits): AsyncGenerator<Uint8Array, void, undefined>;
  /** Asks for a lease on a position (LSN-2). */
  lease(lsn: Lsn, limitMs: number): Promise<LeaseAnswer>;
  /** Lets go of the connection. */
  close(): void;
}

/** One way to reach one pageserver of one shard. */
export interface PageserverAddress {
  readonly protocol: PageserverProtocol;
  readonly url: string;
  /** The shard's index, as in `0204`. */
  readonly shard: string;
  /** What to call it in messages: never its URL, which may hold a password. */
  readonly name: string;
}
