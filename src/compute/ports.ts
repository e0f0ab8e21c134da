import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Lsn } from "../base/lsn.ts";
import type { TraceContext } from "../base/tracer.ts";
import type { MigrationProgress } from "../catalog/migrations/state.ts";
import type { DriftView, PlanView } from "../catalog/view.ts";
import type { ServerFacts } from "../conf/stock.ts";
import type { ServiceView } from "../services/service-view.ts";
import type { Config, DerivedSpec, TlsPaths } from "../spec/types.ts";
import type { ScalingView } from "../vm-monitor/view.ts";
import type { LeaseView } from "./lease.ts";

/** What the flags and the first config fix for the life of the process (LIFE-47). */
export interface ComputeSettings {
  /** Whether clients are kept out until roles and databases are in place (FIELD-2). */
  readonly holdConnections: boolean;
  readonly pgdata: string;
  readonly privilegedRoleName: string;
  readonly internalHttpPort: number;
  /** Set in lakebase mode: the port that Postgres must listen on. */
  readonly lakebasePort: number | null;
  /** The port at which this program looks for its Postgres. */
  readonly connstrPort: number;
  /** Set in lakebase mode: how long the first start may take, in milliseconds (LIFE-74). */
  readonly startMsMax: number | null;
  readonly tls: TlsPaths | null;
  /** The raw text of the kernel's overcommit mode, null when unreadable (CONF-10 row 11). */
  readonly overcommitMemory: string | null;
  readonly platform: "linux" | "darwin";
  /** How often the catalog is compared with the spec, in milliseconds; null for never. */
  readonly driftCheckMs: number | null;
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
  /**
   * Replaces postgresql.conf as a whole; false when that text was there already.
   * @param accept asked before a changed text takes the place of the old one, which stays when it rejects
   */
  writeConf(text: string, accept: () => Promise<void>): Promise<boolean>;
  /** Brings Postgres's certificate and key into place; waits for the first, bounded (CONF-51). False when they were there already. */
  copyTlsFiles(paths: TlsPaths, signal: AbortSignal): Promise<boolean>;
  /** Whether there is a good certificate with its key that is not the one in place. */
  hasNewTlsFiles(paths: TlsPaths): Promise<boolean>;
  /** Calls `onRenewed` whenever there is one (CONF-53); ends when the signal fires. Never rejects. */
  watchTlsFiles(paths: TlsPaths, onRenewed: () => Promise<void>, signal: AbortSignal): Promise<void>;
  /** What a base backup still lacks: access rules, signal files, links (LIFE-12 steps 5 to 9). */
  finish(spec: DerivedSpec): Promise<void>;
  /** Has the next Postgres let in nobody but this program's own user (FIELD-2). */
  holdConnections(): Promise<void>;
  /** Puts the access rules back that {@link holdConnections} found; Postgres has to be reloaded then. */
  releaseConnections(): Promise<void>;
  /** Replaces the temporary override that postgresql.conf includes (CONF-41); empty text lifts it. */
  writeOverride(text: string): Promise<void>;
}

/** Where the safekeepers' WAL ends. */
export interface EndOfWal {
  /** Null when this Postgres writes to no safekeeper. */
  readonly lsn: Lsn | null;
  /** How long the full sync took whose outcome this is, without failed runs; null when none was made (LIFE-65). */
  readonly syncMs: number | null;
}

/** A base backup whose LSN is not known yet. */
export interface PendingBasebackup {
  /** Fetches and unpacks it, with its retries (LIFE-15); once. PGDATA has to be there by now. */
  fetch(lsn: Lsn): Promise<BasebackupFigures>;
  /** Lets go of what it holds, whether it was fetched or not. */
  close(): void;
}

/** What asking for leases came to. */
export type LeaseOutcome =
  /** By all shards, until then: milliseconds since 1970. */
  | { readonly kind: "granted"; readonly expiresMs: number }
  /** The position is behind somebody's GC cutoff. */
  | { readonly kind: "refused"; readonly by: string };

/** Neon's storage, as the story needs it. */
export interface StoragePort {
  /** The quorum check; undefined when the safekeepers do not agree or do not answer (LIFE-13). */
  checkSafekeepers(spec: DerivedSpec, signal: AbortSignal): Promise<Lsn | undefined>;
  /** The full sync with its retries (LIFE-14). */
  syncSafekeepers(spec: DerivedSpec, signal: AbortSignal): Promise<EndOfWal & { readonly lsn: Lsn }>;
  /** Asks all shards to keep what can be read at `lsn` (LSN-2). @throws Error when one of them fails */
  leaseLsn(spec: DerivedSpec, lsn: Lsn, signal: AbortSignal): Promise<LeaseOutcome>;
  /** Where WAL ends once Postgres is gone. */
  finalLsn(spec: DerivedSpec, signal: AbortSignal): Promise<EndOfWal>;
  /** Begins to connect to the pageserver, while the LSN is still being looked for; never throws. */
  beginBasebackup(spec: DerivedSpec, signal: AbortSignal): PendingBasebackup;
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
  /** Makes it read its configuration again, and waits, bounded, until new sessions see it (CONF-T8). */
  reload(signal: AbortSignal): Promise<void>;
  /** Shuts it down fast, with a shutdown checkpoint; more firmly when that takes longer than `limitMs`. Resolves when it is gone. */
  stop(limitMs: number): Promise<void>;
  /** Ends it at once, without a checkpoint. Resolves when it is gone. */
  quit(): Promise<void>;
}

/** What fetching extensions before the start took (EXT-25). */
export interface ExtensionFigures {
  readonly ms: number;
  readonly downloaded: number;
  /** Compressed. */
  readonly largestBytes: number;
  readonly totalBytes: number;
}

/** Extensions that are fetched from a gateway (chapter 08 §1). */
export interface ExtensionsPort {
  /** The preloaded libraries, without suffix, that {@link prepare} is about to fetch. */
  expectedLibraries(spec: DerivedSpec): ReadonlySet<string>;
  /**
   * Writes the control files and fetches what Postgres preloads (EXT-20); undefined when there was nothing to fetch.
   * A download that fails is only logged. @throws ForbiddenPreloadError, and when control files cannot be written
   */
  prepare(spec: DerivedSpec, signal: AbortSignal): Promise<ExtensionFigures | undefined>;
}

/** Starting Postgres. */
export interface PostgresPort {
  /**
   * Has Postgres parse what is to become its configuration, without touching the server (chapter 04 §14.1).
   * @throws ConfRefusedError when it does not accept the text
   */
  checkConf(text: string, signal: AbortSignal): Promise<void>;
  start(spec: DerivedSpec): Promise<PostgresProcess>;
  /** Loads, ahead of time, what the first SQL session needs. */
  warmSession(): void;
  /** Has Postgres's programs and memory faulted in while there is nothing else to do (LIFE-4); never rejects. */
  warmUp(signal: AbortSignal): Promise<void>;
  /** Logs a backtrace of every core file that Postgres left; bounded, never rejects (LIFE-37). */
  reportCores(): Promise<void>;
  /** Rejects with the reason when Postgres does not accept connections right now (LIFE-63). */
  checkAlive(signal: AbortSignal): Promise<void>;
}

/** What `/refresh_configuration` finds at the place where the first config came from. */
export interface ConfigSourcePort {
  /** Loads the config anew. @throws Error when there is no such place, or it cannot be had or used */
  load(signal: AbortSignal): Promise<Config>;
}

/** The catalog of the running Postgres. */
export interface CatalogPort {
  /** Brings roles, databases and the rest to what the spec says (APPLY-19). */
  apply(spec: DerivedSpec, concurrency: number, signal: AbortSignal): Promise<void>;
  /** Runs the migrations that this catalog has not had yet; a failing one is logged and counted, not thrown (MIG-1). */
  migrate(signal: AbortSignal): Promise<void>;
  /** Where the migrations are; from memory. */
  migrations(): MigrationProgress;
  /** What an apply of the spec would do now, without secrets; only reads, within a time limit. */
  plan(spec: DerivedSpec, signal: AbortSignal): Promise<PlanView>;
  /** Logs and measures how far the catalog is from what the spec wants; only reads. */
  checkDrift(spec: DerivedSpec, signal: AbortSignal): Promise<void>;
  /** What the newest plan or look found; null when there was none since the last apply. */
  drift(): DriftView | null;
  /** Updates the neon extension to what the server has files of (APPLY-50). */
  updateNeonExtension(signal: AbortSignal): Promise<void>;
}

/** The monitor that a VM's autoscaler-agent asks. */
export interface VmMonitorPort {
  /** Serves agents until the signal fires, then tells them so; never rejects. Nothing where there is no VM (VM-1, VM-4). */
  run(spec: DerivedSpec, signal: AbortSignal): Promise<void>;
  /** What it is doing; null when none has been started (VM-30). */
  view(): ScalingView | null;
}

/** The services beside Postgres, and the host's tools. */
export interface ServicesPort {
  /**
   * Runs the host's tools that the spec asks for, and sees to what a VM compute needs (SVC-50, SVC-51, LIFE-61).
   * @throws ServiceError when a tool fails or is missing; the signal's reason when it fires, the tools being gone then
   */
  prepareHost(spec: DerivedSpec, signal: AbortSignal): Promise<void>;
  /**
   * Brings pgbouncer, local_proxy and rsyslogd to what the spec wants: in the background, except for the shipping of audit
   * records, which is waited for (SVC-1). What goes wrong in the background is logged.
   * @throws ServiceError when an address cannot be used, or audit records cannot be shipped
   */
  configure(spec: DerivedSpec, signal: AbortSignal): Promise<void>;
  /** Configures local_proxy once more, and waits (SVC-21). @throws Error when that fails, unless it is not installed here */
  confirmLocalProxy(spec: DerivedSpec, signal: AbortSignal): Promise<void>;
  /** Ends pgbouncer and local_proxy, unless they are to be left alone (SVC-60, SVC-61); bounded, never rejects. */
  stop(): Promise<void>;
  /** How each service is. */
  view(): readonly ServiceView[];
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
  readonly vmMonitor: VmMonitorPort;
  readonly services: ServicesPort;
  readonly extensions: ExtensionsPort;
  readonly configSource: ConfigSourcePort;
  /** A fresh id for an operation. */
  newId(): string;
  /** Told whenever the lease of a static compute stands otherwise. */
  leaseChanged(view: LeaseView): void;
  /** Told once that the first start is over, with the span of the request that brought its spec (LIFE-85). */
  traceStart(parent: TraceContext | undefined, error?: unknown): void;
}
