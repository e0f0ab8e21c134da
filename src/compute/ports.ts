import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Lsn } from "../base/lsn.ts";
import type { ServerFacts } from "../conf/stock.ts";
import type { DerivedSpec, TlsPaths } from "../spec/types.ts";

/** What the flags and the first config fix for the life of the process (LIFE-47). */
export interface ComputeSettings {
  readonly pgdata: string;
  readonly privilegedRoleName: string;
  readonly internalHttpPort: number;
  /** Set in lakebase mode: the port that Postgres must listen on. */
  readonly lakebasePort: number | null;
  readonly tls: TlsPaths | null;
  /** The raw text of the kernel's overcommit mode, null when unreadable (CONF-10 row 11). */
  readonly overcommitMemory: string | null;
  readonly platform: "linux" | "darwin";
  /** How long HTTP is still served after the end (LIFE-35), in milliseconds. */
  readonly lingerMs: { readonly long: number; readonly short: number };
}

/** What unpacking a base backup took (BASE-72). */
export interface BasebackupFigures {
  readonly connectMicros: number;
  readonly basebackupMs: number;
  /** Compressed bytes received. */
  readonly bytes: number;
}

/** The data directory, as the story needs it. */
export interface PgdataPort {
  /** Makes it anew, empty, mode 0700 (CONF-2). */
  recreate(signal: AbortSignal): Promise<void>;
  /** Replaces postgresql.conf as a whole. */
  writeConf(text: string): Promise<void>;
  /** Brings Postgres's certificate and key into place; waits for them, bounded (CONF-51). */
  copyTlsFiles(paths: TlsPaths, signal: AbortSignal): Promise<void>;
  /** What a base backup still lacks: access rules, signal files, links (LIFE-12 steps 5 to 9). */
  finish(spec: DerivedSpec): Promise<void>;
  /** Replaces the temporary override that postgresql.conf includes (CONF-41); empty text lifts it. */
  writeOverride(text: string): Promise<void>;
}

/** Neon's storage, as the story needs it. */
export interface StoragePort {
  /** The quorum check; undefined when the safekeepers do not agree or do not answer (LIFE-13). */
  checkSafekeepers(spec: DerivedSpec, signal: AbortSignal): Promise<Lsn | undefined>;
  /** The full sync with its retries (LIFE-14). */
  syncSafekeepers(spec: DerivedSpec, signal: AbortSignal): Promise<Lsn>;
  /** The LSN at which WAL ends once Postgres is gone; null when this Postgres writes to no safekeeper. */
  finalLsn(spec: DerivedSpec, signal: AbortSignal): Promise<Lsn | null>;
  /** Fetches and unpacks the base backup, with its retries (LIFE-15). */
  fetchBasebackup(spec: DerivedSpec, lsn: Lsn, signal: AbortSignal): Promise<BasebackupFigures>;
}

/** How a Postgres process ended. */
export interface PostgresExit {
  /** Null after a signal. */
  readonly code: number | null;
  /** `exit status: 0` or `signal: 9 (SIGKILL)`. */
  readonly text: string;
}

/** A Postgres that was spawned. */
export interface PostgresProcess {
  readonly pid: number;
  /** Resolves when connections are accepted; rejects when the process ends first or takes too long. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone and its last log line was taken; never rejects. */
  readonly exited: Promise<PostgresExit>;
  /** Makes it read its configuration again; takes effect a little later. */
  reload(): void;
  /** Shuts it down fast, with a shutdown checkpoint; more firmly when that takes longer than `limitMs`. Resolves when it is gone. */
  stop(limitMs: number): Promise<void>;
  /** Ends it at once, without a checkpoint. Resolves when it is gone. */
  quit(): Promise<void>;
}

/** Starting Postgres. */
export interface PostgresPort {
  start(spec: DerivedSpec): Promise<PostgresProcess>;
  /** Loads, ahead of time, what the first SQL session needs. */
  warmSession(): void;
}

/** The catalog of the running Postgres. */
export interface CatalogPort {
  /** Brings roles, databases and the rest to what the spec says (APPLY-19). */
  apply(spec: DerivedSpec, concurrency: number, signal: AbortSignal): Promise<void>;
}

/** Everything outside that the story of a compute touches. */
export interface ComputePorts {
  readonly log: Log;
  readonly clock: Clock;
  readonly server: ServerFacts;
  readonly pgdata: PgdataPort;
  readonly storage: StoragePort;
  readonly postgres: PostgresPort;
  readonly catalog: CatalogPort;
}
